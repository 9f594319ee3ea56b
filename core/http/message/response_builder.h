#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "http/message/body.h"
#include "http/message/field_rules.h"
#include "http/message/limits.h"
#include "http/message/message.h"

namespace troika {

// Builds the response to one request of ours from what a parser reports, with one set of rules for
// all protocols: any number of informational heads up to a limit, then the final one. Each call
// checks limits before it copies anything; after the first fault nothing more is stored, though a
// parser may have to go on (HPACK and QPACK state).
class ResponseBuilder {
 public:
  enum class Fault : std::uint8_t {
    malformed,
    too_big,                 // a head of more than response_bytes or response_count
    too_many_informational,  // more than Limits::informational
  };
  struct Received {
    ResponseHead head;    // with Content-Length, unless it means nothing (1xx, 204, a tunnel)
    BodyFraming content;  // `none` also when the stream ends with the head
  };

  // asked: the method of the request, and CONNECT if it asks for a tunnel in any form; content
  // depends on it (RFC 9112 §6.3). keeps_fields: false: the heads have
  // none, and only those that frame the message are looked at.
  ResponseBuilder(const Limits& limits, HttpVersion version, Method asked,
                  bool keeps_fields = true);

  // Once for each head: the status line in h1, at any time before finish(); ":status" in h2 and h3.
  void status_line(HttpVersion version, std::uint16_t status);
  void status(std::string_view text);
  void field(std::string_view name, std::string_view value);

  std::optional<Fault> fault() const noexcept { return fault_; }
  bool overrun() const noexcept {  // as that of RequestBuilder
    return section_.cost > Limits::kOverrun * limits_.response_bytes ||
           section_.fields > Limits::kOverrun * limits_.response_count;
  }

  // The end of a head. body_follows: the stream has not ended (h2, h3); h1 says true, as its
  // framing decides. After an informational head the next one begins; any head after the final
  // one is malformed.
  std::expected<Received, Fault> finish(bool body_follows);

  // What the final head named in Connection, for its trailers.
  const ConnectionOptions& connection_options() const noexcept { return section_.connection; }

 private:
  // The head that is coming in.
  struct Section {
    ResponseHead head{.status = 0, .headers = {}};
    ConnectionOptions connection;
    std::optional<std::uint64_t> length;  // Content-Length
    std::size_t cost = 0, fields = 0;
    bool chunked = false;
  };

  void fail(Fault fault) noexcept {
    if (!fault_) fault_ = fault;
  }
  void pay(std::size_t name_bytes, std::size_t value_bytes) noexcept;
  void set_status(unsigned status) noexcept;
  void skip(std::string_view name, std::string_view value);
  void content_length_field(std::string_view value);
  bool connection_field(FieldName name, std::string_view value);  // true: handled
  void check_head(bool body_follows) noexcept;
  BodyFraming content_of(ResponseHead& head, bool body_follows) noexcept;

  const Limits& limits_;
  Section section_;
  std::size_t informational_ = 0;  // heads so far
  std::optional<Fault> fault_;
  HttpVersion version_;
  Method asked_;
  bool keeps_fields_;
  bool complete_ = false;  // the final head has come
};

// What the request fails with.
constexpr AbortReason reason_for(ResponseBuilder::Fault fault) noexcept {
  return fault == ResponseBuilder::Fault::malformed ? AbortReason::protocol_error
                                                    : AbortReason::over_limit;
}

}  // namespace troika
