#include "proto/h1/response_reader.h"

#include <charconv>
#include <utility>

#include "base/text.h"

namespace troika::h1 {
namespace {

constexpr std::size_t kMaxInformational = 32;  // from a server that sends no final response

bool frames_connection(std::string_view name) noexcept {
  const auto is = [&](std::string_view what) { return ascii::equal_ignoring_case(name, what); };
  return is("connection") || is("keep-alive") || is("proxy-connection") ||
         is("transfer-encoding") || is("upgrade");
}

}  // namespace

ResponseReader::ResponseReader(const Limits& limits, BodySink& body)
    : limits_(limits), body_(body), parser_(limits, *this), trailers_(limits) {}

void ResponseReader::begin(bool to_head_request) {
  to_head_request_ = to_head_request;
  informational_ = 0;
  begin_next();
}

void ResponseReader::begin_next() {
  fields_ = {};
  head_ = {};
  length_.reset();
  body_length_.reset();
  cost_ = count_ = 0;
  until_close_ = false;
  std::ignore = trailers_.take();
  parser_.begin_response();
}

ResponseReader::Progress ResponseReader::read(std::span<const std::byte> bytes) {
  const Parser::Progress parsed = parser_.parse(bytes);
  switch (parsed.event) {
    case Parser::Event::more: return {parsed.consumed, Event::more};
    case Parser::Event::head: return {parsed.consumed, end_of_head()};
    case Parser::Event::message: return {parsed.consumed, Event::body_end};
    case Parser::Event::fault: break;
  }
  return {parsed.consumed, Event::fault};
}

bool ResponseReader::on_field(std::string_view name, std::string_view value, bool trailer) {
  if (trailer) {
    trailers_.field(name, value);
    return !trailers_.over_limit();
  }
  value = ascii::trim(value);
  cost_ += name.size() + value.size() + 32;  // RFC 9113 §6.5.2
  if (cost_ > limits_.header_list_bytes || ++count_ > limits_.header_count) return false;
  fields_.field(name, value);
  if (!frames_connection(name)) head_.headers.add(name, value);
  return true;
}

// RFC 9112 §6.3.
ResponseReader::Event ResponseReader::end_of_head() {
  if (parser_.major_version() != 1) return Event::fault;
  version_ = parser_.minor_version() == 0 ? HttpVersion::http10 : HttpVersion::http11;
  const std::uint16_t status = head_.status = parser_.status();
  if (fields_.fault(version_) != 0 || !read_length()) return Event::fault;
  if (status < 200) {
    // None of our requests has an Upgrade field, so 101 is a fault.
    return status == 101 || ++informational_ > kMaxInformational ? Event::fault
                                                                 : Event::informational;
  }
  const bool never = to_head_request_ || status == 204 || status == 304;
  if (never || length_ == 0) {
    body_length_ = 0;
    return Event::response;
  }
  body_length_ = length_;
  until_close_ = fields_.body() == MessageFields::Body::absent;
  return Event::head;
}

bool ResponseReader::read_length() {
  const auto text = head_.headers.get("content-length");
  if (!text) return true;
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (error != std::errc{} || end != text->data() + text->size()) return false;
  length_ = length;
  return true;
}

bool ResponseReader::keeps_alive() const noexcept {
  if (until_close_) return false;
  return h1::keeps_alive({.version = version_,
                          .says_close = fields_.close(),
                          .says_keep_alive = fields_.keep_alive()});
}

}  // namespace troika::h1
