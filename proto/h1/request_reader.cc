#include "proto/h1/request_reader.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "proto/h1/upgrade.h"

namespace troika::h1 {
namespace {

constexpr std::string_view kVersionForm = "HTTP/d.d";  // d: one digit

}  // namespace

std::size_t RequestLine::feed(std::span<const std::byte> bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !done() && fault_ == 0) {
    if (state_ == State::target) used += take_run(bytes.subspan(used));
    if (used < bytes.size()) take(static_cast<char>(bytes[used++]));
  }
  return used;
}

void RequestLine::reset() noexcept {
  method_.clear();
  target_ = std::string();  // an idle connection must not hold on to its longest target
  version_text_.clear();
  version_ = HttpVersion::http11;
  fault_ = 0;
  state_ = State::start;
  skipped_line_ = false;
}

bool RequestLine::go(State next) noexcept {
  state_ = next;
  return true;
}

bool RequestLine::fail(std::uint16_t status) noexcept {
  fault_ = status;
  return false;
}

bool RequestLine::take(char c) {
  switch (state_) {
    case State::start: return take_first(c);
    case State::start_lf: return c == '\n' ? go(State::start) : fail(400);
    case State::method: return take_method(c);
    case State::target: return take_target(c);
    case State::version: return take_version(c);
    case State::lf: return c == '\n' ? check_version() : fail(400);
    case State::done: break;
  }
  return false;
}

bool RequestLine::take_first(char c) {
  if (c == '\r' && !std::exchange(skipped_line_, true)) return go(State::start_lf);
  state_ = State::method;
  return take_method(c);
}

bool RequestLine::take_method(char c) {
  if (c == ' ' && !method_.empty()) return go(State::target);
  if (!ascii::is_token_char(c) || method_.size() == limits_.method_bytes) return fail(400);
  method_ += c;
  return true;
}

bool RequestLine::take_target(char c) {
  if (c == ' ' && !target_.empty()) return go(State::version);
  const auto byte = static_cast<std::uint8_t>(c);
  if (byte <= ' ' || byte == 0x7f) return fail(400);  // bytes above may be UTF-8
  if (target_.size() == limits_.target_bytes) return fail(414);
  target_ += c;
  return true;
}

// The bytes of a target that are sure to be part of it, at once.
std::size_t RequestLine::take_run(std::span<const std::byte> bytes) {
  const std::size_t most = std::min(bytes.size(), limits_.target_bytes - target_.size());
  std::size_t run = 0;
  while (run < most && bytes[run] > std::byte{' '} && bytes[run] != std::byte{0x7f}) ++run;
  target_.append(reinterpret_cast<const char*>(bytes.data()), run);
  return run;
}

bool RequestLine::take_version(char c) {
  const std::size_t at = version_text_.size();
  if (at == kVersionForm.size()) return c == '\r' ? go(State::lf) : fail(400);
  const bool fits = kVersionForm[at] == 'd' ? ascii::is_digit(c) : c == kVersionForm[at];
  if (!fits) return fail(400);
  version_text_ += c;
  return true;
}

// RFC 9110 §2.5: any 1.x is handled as the highest 1.x that we support.
bool RequestLine::check_version() {
  const char major = version_text_[5];
  if (major == '0' || method_ == "PRI") return fail(400);  // RFC 9113 §3.4: PRI is not a request
  if (major != '1') return fail(505);
  version_ = version_text_[7] == '0' ? HttpVersion::http10 : HttpVersion::http11;
  return go(State::done);
}

RequestReader::RequestReader(const Limits& limits, bool secure, BodySink& body)
    : limits_(limits), body_(body), parser_(limits, *this), line_(limits), secure_(secure) {}

RequestReader::Progress RequestReader::read(std::span<const std::byte> bytes) {
  if (state_ == State::line) return read_line(bytes);
  if (state_ == State::tunnel) {
    return {bytes.size(), body_.on_body(bytes) ? Event::more : fail(400)};
  }
  const Parser::Progress parsed = parser_.parse(bytes);
  switch (parsed.event) {
    case Parser::Event::more: return {parsed.consumed, Event::more};
    case Parser::Event::head: return {parsed.consumed, end_of_head()};
    case Parser::Event::message: state_ = State::line; return {parsed.consumed, Event::body_end};
    case Parser::Event::fault: break;
  }
  return {parsed.consumed, fail(status_of_parser_fault())};
}

RequestReader::Progress RequestReader::read_line(std::span<const std::byte> bytes) {
  const std::size_t used = line_.feed(bytes);
  if (!line_.done() && line_.fault() == 0) return {used, Event::more};
  begin_builder();
  const std::uint16_t fault = line_.fault() != 0 ? line_.fault() : builder_->fault();
  if (fault != 0) return {used, fail(fault)};
  line_.reset();
  parser_.begin_request();
  state_ = State::fields;
  return {used, Event::more};
}

void RequestReader::begin_builder() {
  line_version_ = line_.version();
  request_ = {};
  builder_.emplace(request_, limits_, line_version_, secure_);
  fields_ = {};
  if (!line_.method().empty()) builder_->method(line_.method());
  if (!line_.target().empty()) give_target(line_.target());
}

// RFC 9112 §3.2.2: the absolute form has scheme and authority; the rest is the origin form.
void RequestReader::give_target(std::string_view target) {
  const std::size_t colon = target.find("://");
  const bool absolute = colon != std::string_view::npos && target.find_first_of("/?") > colon;
  if (!absolute) return builder_->target(target);
  const std::string_view rest = target.substr(colon + 3);
  const std::size_t path = std::min(rest.find_first_of("/?#"), rest.size());
  builder_->scheme(target.substr(0, colon));
  builder_->authority(rest.substr(0, path));
  // §3.2.4: OPTIONS for the whole server, as a proxy forwards it.
  if (path == rest.size()) return builder_->target(line_.method() == "OPTIONS" ? "*" : "/");
  if (rest[path] == '/') return builder_->target(rest.substr(path));
  builder_->target("/" + std::string(rest.substr(path)));
}

bool RequestReader::on_field(std::string_view name, std::string_view value, bool trailer) {
  if (trailer) {
    trailers_->field(name, value);
    return !trailers_->over_limit();
  }
  fields_.field(name, value);
  builder_->field(name, value);
  return builder_->fault() == 0;
}

RequestReader::Event RequestReader::end_of_head() {
  if (const std::uint16_t wrong = fields_.fault(line_version_)) return fail(wrong);
  const MessageFields::Body body = fields_.body();
  // RFC 9110 §7.8: it is not clear which protocol the content would be of.
  if (fields_.websocket() && body != MessageFields::Body::absent) return fail(400);
  const std::uint16_t status = builder_->finish(body != MessageFields::Body::absent);
  trailers_.emplace(limits_, builder_->connection_options());
  builder_.reset();
  if (status != 0) return fail(status);
  if (request_.content_length == 0) request_.has_body = false;
  state_ = request_.has_body ? State::body : State::line;
  other_websocket_ = false;
  if (fields_.websocket()) offer_tunnel();
  return request_.has_body ? Event::head : Event::request;
}

// RFC 6455 §4.2.1. A request that does not ask for a tunnel in this way is one like any other.
void RequestReader::offer_tunnel() {
  HeaderMap& headers = request_.headers;
  const bool may_upgrade =
      request_.version == HttpVersion::http11 && request_.method == Method::get &&
      headers.count("sec-websocket-key") == 1 && headers.count("sec-websocket-version") == 1;
  if (!may_upgrade || !valid_websocket_key(*headers.get("sec-websocket-key"))) return;
  other_websocket_ = headers.get("sec-websocket-version") != "13";
  if (other_websocket_) return;
  accept_ = websocket_accept(*headers.get("sec-websocket-key"));
  headers.remove("sec-websocket-key");
  request_.protocol = "websocket";
  state_ = State::tunnel;
}

RequestReader::Event RequestReader::fail(std::uint16_t status) noexcept {
  fault_ = status;
  return Event::fault;
}

std::uint16_t RequestReader::status_of_parser_fault() const noexcept {
  switch (parser_.fault()) {
    case ParserFault::fields_too_big: return 431;
    case ParserFault::refused:
      if (in_body()) return trailers_->over_limit() ? 431 : 400;
      return builder_->fault();
    default: return 400;
  }
}

Request RequestReader::partial() {
  if (!builder_ && fault_ == 0) begin_builder();  // a request that was never finished
  if (builder_) {
    std::ignore = builder_->finish(false);
    builder_.reset();
  }
  request_.has_body = false;
  return std::move(request_);
}

}  // namespace troika::h1
