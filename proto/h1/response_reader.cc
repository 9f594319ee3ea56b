#include "proto/h1/response_reader.h"

#include <utility>

namespace troika::h1 {

ResponseReader::ResponseReader(const Limits& limits, BodySink& body)
    : limits_(limits), body_(body), parser_(limits, *this) {}

void ResponseReader::begin(Method asked) {
  builder_.emplace(limits_, HttpVersion::http11, asked);
  trailers_.reset();
  begin_next();
}

void ResponseReader::begin_next() {
  fields_ = {};
  body_length_.reset();
  until_close_ = false;
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
    trailers_->field(name, value);
    return !trailers_->over_limit();
  }
  fields_.field(name, value);
  builder_->field(name, value);
  return !builder_->fault();
}

// RFC 9112 §6.3.
ResponseReader::Event ResponseReader::end_of_head() {
  if (parser_.major_version() != 1) return Event::fault;
  version_ = parser_.minor_version() == 0 ? HttpVersion::http10 : HttpVersion::http11;
  builder_->status_line(version_, parser_.status());
  auto received = builder_->finish(true);
  if (!received) return Event::fault;
  head_ = std::move(received->head);
  if (head_.status < 200) return Event::informational;
  trailers_.emplace(limits_, builder_->connection_options());
  const bool known = received->content.kind != BodyFraming::Kind::until_end;
  if (known) body_length_ = received->content.length;
  if (body_length_ == 0) return Event::response;
  until_close_ = !known && fields_.body() != MessageFields::Body::chunked;
  return Event::head;
}

AbortReason ResponseReader::failure() const noexcept {
  if (const auto fault = builder_->fault()) return reason_for(*fault);
  const bool over =
      parser_.fault() == ParserFault::fields_too_big || (trailers_ && trailers_->over_limit());
  return over ? AbortReason::over_limit : AbortReason::protocol_error;
}

bool ResponseReader::keeps_alive() const noexcept {
  if (until_close_) return false;
  return h1::keeps_alive({.version = version_,
                          .says_close = fields_.close(),
                          .says_keep_alive = fields_.keep_alive()});
}

}  // namespace troika::h1
