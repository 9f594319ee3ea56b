#pragma once
#include <cstdint>
#include <string_view>
#include <utility>

#include "http/message/field_rules.h"
#include "http/message/limits.h"
#include "http/message/message.h"

namespace troika {

// Builds a Request from what a parser reports, with one set of rules for all protocols. Each call
// checks limits before it copies anything; after the first fault nothing more is stored, though a
// parser may have to go on (HPACK and QPACK state).
class RequestBuilder {
 public:
  // `into` is a new request, which outlives the builder.
  RequestBuilder(Request& into, const Limits& limits, HttpVersion version, bool secure);

  // The request line or the pseudo fields. h1 passes the origin form or "*" as target, and scheme
  // and authority of the absolute form. If `authority` is called, h1 ignores Host; in h2 and h3
  // Host must equal it.
  void method(std::string_view text);
  void scheme(std::string_view text);
  void authority(std::string_view text);
  void target(std::string_view text);
  void protocol(std::string_view text);
  void field(std::string_view name, std::string_view value);

  std::size_t cost() const noexcept { return cost_; }  // of the fields so far, as Limits counts
  // The error status for the request so far: 400, 414, 431; 0: no fault.
  std::uint16_t fault() const noexcept { return fault_; }
  // So far above the limits that the rest is not worth decoding. It can be in h2 and h3 only.
  bool overrun() const noexcept {
    return cost_ > Limits::kOverrun * limits_.header_list_bytes ||
           fields_ > Limits::kOverrun * limits_.header_count;
  }

  // body_follows: the stream has not ended (h2, h3), or the framing announces content (h1).
  // Checks that need the whole head: Host or :authority present and well-formed (RFC 9112 §3.2,
  // 9113 §8.3.1), scheme fits the connection, CONNECT 501, Expect (unknown: 417), Content-Length.
  // Returns the error status, or 0. With a fault, the request has the parts that were understood.
  std::uint16_t finish(bool body_follows);

  // What the request named in Connection, for its trailers.
  const ConnectionOptions& connection_options() const noexcept { return connection_; }

 private:
  void fail(std::uint16_t status) noexcept {
    if (fault_ == 0) fault_ = status;
  }
  bool is_h1() const noexcept { return troika::is_h1(request_.version); }
  void pay(std::size_t name_bytes, std::size_t value_bytes) noexcept;
  bool once(bool& seen) noexcept;                              // false: repeated, or after a fault
  bool special_field(FieldName name, std::string_view value);  // true: handled
  void host_field(std::string_view value);
  void content_length_field(std::string_view value);
  void check_whole(bool body_follows);
  void check_tunnel();
  void check_authority();

  const Limits& limits_;
  Request& request_;
  std::string host_;      // value of Host
  std::string cookies_;   // all of them, joined (RFC 9113 §8.2.3)
  std::size_t cost_ = 0;  // of the field section so far
  std::size_t fields_ = 0;
  ConnectionOptions connection_;
  std::uint16_t fault_ = 0;
  bool secure_;
  bool has_host_ = false, has_authority_ = false, has_method_ = false, has_target_ = false;
  bool has_scheme_ = false, has_protocol_ = false;
  bool unknown_expectation_ = false;
};

// Collects trailer fields, with limits of their own; fields that frame or route a message are
// dropped (RFC 9110 §6.5.1), and so are those that the head named in Connection.
class TrailerBuilder {
 public:
  explicit TrailerBuilder(const Limits& limits, ConnectionOptions named = {})
      : limits_(limits), named_(std::move(named)) {}
  void field(std::string_view name, std::string_view value);
  bool over_limit() const noexcept { return over_limit_; }
  bool overrun() const noexcept {  // as that of RequestBuilder
    return cost_ > Limits::kOverrun * limits_.trailer_bytes ||
           seen_ > Limits::kOverrun * limits_.trailer_count;
  }
  HeaderMap take() noexcept { return std::move(fields_); }

 private:
  const Limits& limits_;
  ConnectionOptions named_;
  HeaderMap fields_;
  std::size_t cost_ = 0;
  std::size_t seen_ = 0;
  bool over_limit_ = false;
};

}  // namespace troika
