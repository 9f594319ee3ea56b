#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "http/message/limits.h"
#include "http/message/message.h"
#include "http/message/request_builder.h"
#include "proto/h1/parser.h"

namespace troika::h1 {

// RFC 9112 §3: method SP request-target SP HTTP-version CRLF, parsed strictly. One empty line
// before it is skipped (§2.2).
class RequestLine {
 public:
  explicit RequestLine(const Limits& limits) : limits_(limits) {}

  // Returns how many bytes it used; fewer than given only when done() or at a fault.
  std::size_t feed(std::span<const std::byte> bytes);
  void reset() noexcept;

  bool begun() const noexcept { return state_ > State::start_lf; }
  bool done() const noexcept { return state_ == State::done; }
  std::uint16_t fault() const noexcept { return fault_; }  // 400, 414, 505; 0: none

  const std::string& method() const noexcept { return method_; }
  const std::string& target() const noexcept { return target_; }
  HttpVersion version() const noexcept { return version_; }

 private:
  enum class State : std::uint8_t { start, start_lf, method, target, version, lf, done };

  bool take(char c);
  bool take_first(char c);
  bool take_method(char c);
  bool take_target(char c);
  std::size_t take_run(std::span<const std::byte> bytes);
  bool take_version(char c);
  bool check_version();
  bool go(State next) noexcept;
  bool fail(std::uint16_t status) noexcept;

  const Limits& limits_;
  std::string method_, target_, version_text_;
  HttpVersion version_ = HttpVersion::http11;
  std::uint16_t fault_ = 0;
  State state_ = State::start;
  bool skipped_line_ = false;
};

// Bytes in, requests out: one after the other, with the rules of all protocols (RequestBuilder) and
// those of h1's framing.
class RequestReader final : private Parser::Sink {
 public:
  class BodySink {
   public:
    virtual bool on_body(std::span<const std::byte> bytes) = 0;  // false: it is not valid

   protected:
    ~BodySink() = default;
  };
  enum class Event : std::uint8_t {
    more,
    head,      // take_request(); its body follows
    request,   // take_request(); it has no body
    body_end,  // take_trailers()
    fault,     // fault() and, unless in_body(), partial(); nothing can be read any more
  };
  struct Progress {
    std::size_t consumed;
    Event event;
  };

  RequestReader(const Limits& limits, bool secure, BodySink& body);

  Progress read(std::span<const std::byte> bytes);

  // The first byte of a request has come, the end of its head has not.
  bool in_head() const noexcept { return state_ == State::fields || line_.begun(); }
  bool in_body() const noexcept { return state_ == State::body; }
  // The same of the end of its content: the last chunk, and the trailers.
  bool in_trailers() const noexcept { return in_body() && parser_.in_trailers(); }
  // Of the fields so far, as Limits counts them.
  std::size_t head_bytes() const noexcept {
    return state_ == State::fields && builder_ ? builder_->cost() : 0;
  }

  Request&& take_request() noexcept { return std::move(request_); }
  // Of a request that offers a tunnel, for the response that takes it; the bytes behind its head go
  // to the sink as they are.
  const std::string& accept() const noexcept { return accept_; }
  bool other_websocket() const noexcept { return other_websocket_; }  // than version 13
  HeaderMap take_trailers() noexcept { return trailers_->take(); }
  const MessageFields& fields() const noexcept { return fields_; }
  std::uint16_t fault() const noexcept { return fault_; }
  Request partial();  // the valid part of a request with a fault, for the log

 private:
  enum class State : std::uint8_t { line, fields, body, tunnel };

  bool on_field(std::string_view name, std::string_view value, bool trailer) override;
  bool on_body(std::span<const std::byte> bytes) override { return body_.on_body(bytes); }

  Progress read_line(std::span<const std::byte> bytes);
  void begin_builder();
  void give_target(std::string_view target);
  Event end_of_head();
  void offer_tunnel();
  Event fail(std::uint16_t status) noexcept;
  std::uint16_t status_of_parser_fault() const noexcept;

  const Limits& limits_;
  BodySink& body_;
  Parser parser_;
  RequestLine line_;
  std::optional<RequestBuilder> builder_;  // of request_
  std::optional<TrailerBuilder> trailers_;
  std::string accept_;
  bool other_websocket_ = false;
  MessageFields fields_;
  Request request_;
  std::uint16_t fault_ = 0;
  HttpVersion line_version_ = HttpVersion::http11;
  State state_ = State::line;
  bool secure_;
};

}  // namespace troika::h1
