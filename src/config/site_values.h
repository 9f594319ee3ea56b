#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "handlers/site_options.h"

namespace troika {

// What is written of a folder of files. An error is what is wrong with the value and what to write
// instead; who reads it adds the option or the line of a file.

// GLOB=RULE, where RULE is "immutable", "no-store", "no-cache", a time ("90", "10m", "12h", "7d"),
// or directives of Cache-Control as they are ("private, max-age=60"). Refuses globs that can only
// be slips: a directive, braces, a comma or a space.
Checked<SiteOptions::CacheRule> parse_cache_rule(std::string_view text);
// "Name: value", or "GLOB=Name: value" for some files only: an equals sign before the first colon
// ends a glob, since no name has one. Refuses names that are not tokens, and those that are the
// server's own business (framing, Date, Content-Length, Content-Encoding, Content-Range, ETag,
// ...).
Checked<SiteOptions::HeaderRule> parse_header_option(std::string_view text);
// EXT=TYPE: an extension and a media type with its parameters ("md=text/plain; charset=utf-8").
Checked<std::pair<std::string, std::string>> parse_type_option(std::string_view text);
// CODE=PATH: an error that the handler of files responds with, and a path beneath the root
// ("404=/errors/404.html").
Checked<std::pair<std::uint16_t, std::string>> parse_error_page(std::string_view text);
// "*" or an origin as a browser sends it: scheme://host[:port], no path.
Checked<std::string> parse_cors_origin(std::string_view text);

}  // namespace troika
