#pragma once
#include <string>

#include "log/line.h"

// Lines that people read, without their newlines.
namespace troika {

// Time, client, method, target, status, bytes, protocol, duration, TLS version, group; then a word
// for each property that applies:
//
//   2026-12-01T05:01:13.123Z 192.0.2.7 GET /a?b 200 512 HTTP/3 1.500ms TLSv1.3 X25519MLKEM768
//   2026-12-01T05:01:14.007Z 192.0.2.7 POST / 0 0 HTTP/2 30000.212ms TLSv1.3 x25519 (timeout)
//
// Bytes are those of the response's content. In any text of the client a space, a quote and what is
// not printable is \xNN; "-" stands for an empty one.
void append_text_line(std::string& to, const LineSource& line);

// As Apache and nginx write it by that name; the user is always "-". Readers of that format know
// \xNN as well:
//
//   192.0.2.7 - - [01/Dec/2026:05:01:13 +0000] "GET /a?b HTTP/3" 200 512 "-" "curl/8.14.1"
//
// The status is 499 if there was no response, and the bytes are those of the content, without the
// head, as for nginx's $body_bytes_sent.
// No lengths of requests, no names of users: what is after the second quoted text differs from
// server to server.
void append_combined_line(std::string& to, const LineSource& line);

}  // namespace troika
