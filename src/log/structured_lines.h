#pragma once
#include <string>

#include "log/line.h"

// Lines that programs read, without their newlines. All are ASCII.
namespace troika {

// Flat JSON with the stable names of OpenTelemetry's semantic conventions, and ours below
// "troika.". What does not apply is left out:
//
//   {"timestamp":"2026-12-01T05:01:13.123Z","client.address":"192.0.2.7",
//    "http.request.method":"GET","url.scheme":"https","url.path":"/a","url.query":"b",
//    "network.protocol.version":"3","http.response.status_code":200, ...}
//
// error.type is why a response was cut short, or the status of a server's error.
void append_json_line(std::string& to, const LineSource& line);

// The same names and values as pairs. A value with a space, '=' or what JSON escapes is quoted:
//
//   timestamp=2026-12-01T05:01:13.123Z client.address=192.0.2.7 http.request.method=GET ...
void append_logfmt_line(std::string& to, const LineSource& line);

// What Caddy's readers know of its access log, such as GoAccess with --log-format=CADDY:
//
//   {"level":"info","ts":1796101273.123,"logger":"http.log.access","msg":"handled request",
//    "request":{"remote_ip":"192.0.2.7","client_ip":"192.0.2.7","proto":"HTTP/3.0", ...
void append_caddy_line(std::string& to, const LineSource& line);

}  // namespace troika
