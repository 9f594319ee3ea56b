#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "http/message/body.h"
#include "http/message/message.h"
#include "http/message/request_builder.h"
#include "http/message/response_builder.h"
#include "proto/h1/parser.h"

namespace troika::h1 {

// The responses to our requests: bytes in, heads and bodies out, with the rules of all protocols
// (ResponseBuilder) and those of h1's framing.
class ResponseReader final : private Parser::Sink {
 public:
  class BodySink {
   public:
    virtual bool on_body(std::span<const std::byte> bytes) = 0;

   protected:
    ~BodySink() = default;
  };
  enum class Event : std::uint8_t {
    more,
    informational,  // take_head(); another head follows
    head,           // take_head(); a body follows
    response,       // take_head(); there is no body
    body_end,       // take_trailers()
    fault,          // failure()
  };
  struct Progress {
    std::size_t consumed;
    Event event;
  };

  ResponseReader(const Limits& limits, BodySink& body);

  void begin(Method asked);
  void begin_next();  // after `informational`
  Progress read(std::span<const std::byte> bytes);

  ResponseHead take_head() noexcept { return std::move(head_); }
  HeaderMap take_trailers() noexcept { return trailers_->take(); }
  // Of the body that follows, if it is known.
  std::optional<std::uint64_t> body_length() const noexcept { return body_length_; }
  bool until_close() const noexcept { return until_close_; }  // the body ends with the connection
  bool keeps_alive() const noexcept;
  AbortReason failure() const noexcept;

 private:
  bool on_field(std::string_view name, std::string_view value, bool trailer) override;
  bool on_body(std::span<const std::byte> bytes) override { return body_.on_body(bytes); }
  Event end_of_head();

  const Limits& limits_;
  BodySink& body_;
  Parser parser_;
  std::optional<ResponseBuilder> builder_;
  std::optional<TrailerBuilder> trailers_;  // from the final head on
  MessageFields fields_;
  ResponseHead head_;
  std::optional<std::uint64_t> body_length_;
  HttpVersion version_ = HttpVersion::http11;
  bool until_close_ = false;
};

}  // namespace troika::h1
