#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "http/message/message.h"

namespace troika {

// Names and paths of files: which are hidden, and how they are written in URIs, HTML and JSON.

// The status for a request that is not one for a file, whatever the files are: 501 for an unknown
// method (RFC 9110 §15.6.2), 400 for an encoded slash, which no name contains; 0: there is none.
std::uint16_t refusal_of(const Request& request) noexcept;

// A path is hidden when one of its segments begins with a dot (except .well-known, RFC 8615) or
// ends with "~", as editors name their backups.
bool is_hidden(std::string_view path) noexcept;

// A path in a URI: all bytes but slashes and those of a pchar are percent-encoded.
std::string encode_path(std::string_view path);
// A query in a URI, as it was received (RFC 3986 §3.4): percent signs stay.
std::string encode_query(std::string_view query);

// Names are bytes. Those that are not UTF-8 are written as U+FFFD, one for each maximal subpart
// (Unicode 15 §3.9, "U+FFFD Substitution of Maximal Subparts").

// For text and for attributes. Control characters and those that change the direction of text
// become U+FFFD as well: "exe.gpj" must not look like "jpg.exe".
void append_html(std::string& out, std::string_view text);
// With its quotes (RFC 8259 §7).
void append_json(std::string& out, std::string_view text);

}  // namespace troika
