#pragma once
#include <cstdint>
#include <string_view>

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
  dnt,
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

// `name` is in lower case.
FieldName field_name(std::string_view name) noexcept;
std::string_view text_of(FieldName name) noexcept;  // "" for other

}  // namespace troika
