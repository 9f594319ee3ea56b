#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace troika {

// The names of fields that clients and servers often send, as a number, so that they are compared
// at once. All others are `other` and are compared as text.
enum class FieldName : std::uint8_t {
  other,
  accept,
  accept_encoding,
  accept_language,
  accept_ranges,
  age,
  alt_svc,
  authorization,
  cache_control,
  connection,
  content_disposition,
  content_encoding,
  content_length,
  content_range,
  content_security_policy,
  content_type,
  cookie,
  date,
  early_data,
  etag,
  expect,
  expires,
  forwarded,
  host,
  if_match,
  if_modified_since,
  if_none_match,
  if_range,
  if_unmodified_since,
  keep_alive,
  last_modified,
  link,
  location,
  origin,
  pragma,
  priority,
  proxy_authorization,
  proxy_connection,
  range,
  referer,
  repr_digest,
  retry_after,
  sec_fetch_dest,
  sec_fetch_mode,
  sec_fetch_site,
  sec_fetch_user,
  sec_websocket_accept,
  sec_websocket_key,
  sec_websocket_version,
  server,
  set_cookie,
  strict_transport_security,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  upgrade_insecure_requests,
  user_agent,
  vary,
  via,
  want_repr_digest,
  www_authenticate,
  x_content_type_options,
  x_forwarded_for,
};

// In the order of FieldName.
inline constexpr std::array<std::string_view, 64> kFieldNames{"",
                                                              "accept",
                                                              "accept-encoding",
                                                              "accept-language",
                                                              "accept-ranges",
                                                              "age",
                                                              "alt-svc",
                                                              "authorization",
                                                              "cache-control",
                                                              "connection",
                                                              "content-disposition",
                                                              "content-encoding",
                                                              "content-length",
                                                              "content-range",
                                                              "content-security-policy",
                                                              "content-type",
                                                              "cookie",
                                                              "date",
                                                              "early-data",
                                                              "etag",
                                                              "expect",
                                                              "expires",
                                                              "forwarded",
                                                              "host",
                                                              "if-match",
                                                              "if-modified-since",
                                                              "if-none-match",
                                                              "if-range",
                                                              "if-unmodified-since",
                                                              "keep-alive",
                                                              "last-modified",
                                                              "link",
                                                              "location",
                                                              "origin",
                                                              "pragma",
                                                              "priority",
                                                              "proxy-authorization",
                                                              "proxy-connection",
                                                              "range",
                                                              "referer",
                                                              "repr-digest",
                                                              "retry-after",
                                                              "sec-fetch-dest",
                                                              "sec-fetch-mode",
                                                              "sec-fetch-site",
                                                              "sec-fetch-user",
                                                              "sec-websocket-accept",
                                                              "sec-websocket-key",
                                                              "sec-websocket-version",
                                                              "server",
                                                              "set-cookie",
                                                              "strict-transport-security",
                                                              "te",
                                                              "trailer",
                                                              "transfer-encoding",
                                                              "upgrade",
                                                              "upgrade-insecure-requests",
                                                              "user-agent",
                                                              "vary",
                                                              "via",
                                                              "want-repr-digest",
                                                              "www-authenticate",
                                                              "x-content-type-options",
                                                              "x-forwarded-for"};
static_assert(kFieldNames.size() == static_cast<std::size_t>(FieldName::x_forwarded_for) + 1);
static_assert(kFieldNames.size() <= 64);  // HeaderMap keeps a bit for each

constexpr std::string_view text_of(FieldName name) noexcept {  // "" for other
  return kFieldNames[static_cast<std::size_t>(name)];
}
// In any case of letters.
FieldName field_name(std::string_view name) noexcept;

// The name of a field that is looked for, in lower case. That of a literal is found at compile
// time.
struct FieldKey {
  template <std::size_t N>
  consteval FieldKey(const char (&literal)[N]) : text(literal, N - 1) {
    for (std::size_t i = 1; i < kFieldNames.size(); ++i) {
      if (kFieldNames[i] == text) name = static_cast<FieldName>(i);
    }
  }
  template <class Text>
    requires(std::convertible_to<const Text&, std::string_view> && !std::is_array_v<Text>)
  FieldKey(const Text& of) noexcept : text(of), name(field_name(text)) {}

  std::string_view text;
  FieldName name = FieldName::other;
};

}  // namespace troika
