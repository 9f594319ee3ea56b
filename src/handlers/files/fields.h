#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "handlers/site_options.h"
#include "http/message/message.h"

namespace troika {

// As a shell does, of a whole path without its first slash ("assets/js/app.js"); "*" takes slashes,
// too, and a segment "**" stands for any folders or none. A glob without a slash is held against
// the last segment alone.
bool matches_glob(std::string_view glob, std::string_view path);

// Refuses a glob that can only be a slip (braces, a comma or a space); the error names the option
// and its value after the glob ("7d").
Checked<void> check_glob(std::string_view option, std::string_view glob, std::string_view example);
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
// CODE=PATH: an error that this handler answers with, and a path beneath the root
// ("404=/errors/404.html").
Checked<std::pair<std::uint16_t, std::string>> parse_error_page(std::string_view text);
// "*" or an origin as a browser sends it: scheme://host[:port], no path.
Checked<std::string> parse_cors_origin(std::string_view text);

// The Cache-Control value for a path (without its first slash): that of the first rule, else
// "no-cache", so that nobody sees an old page.
std::string_view cache_control_of(const SiteOptions& options, std::string_view path);

// Fetch, "CORS protocol": Access-Control-Allow-Origin, -Expose-Headers and Vary for an answer to
// `request`; for a preflight the -Methods, -Headers and -Max-Age too. Nothing without --cors.
void add_cors(const SiteOptions& options, const Request& request, HeaderMap& headers);
// The fields of --header, in place of what is there of their names; a page that the server makes
// keeps its Content-Security-Policy. `path` is that of the file which was found, without its first
// slash; empty when there is none.
void add_own_fields(const SiteOptions& options, std::string_view path, HeaderMap& headers);
// Adds a name to Vary, once.
void add_vary(HeaderMap& headers, std::string_view name);

}  // namespace troika
