#pragma once
#include <string_view>

#include "handlers/site_options.h"
#include "http/message/message.h"

namespace troika {

// The Cache-Control value for a path (without its first slash): that of the first rule, else
// "no-cache", so that nobody sees an old page.
std::string_view cache_control_of(const SiteOptions& options, std::string_view path);

// Fetch, "CORS protocol": Access-Control-Allow-Origin, -Expose-Headers and Vary for a response to
// `request`; for a preflight the -Methods, -Headers and -Max-Age too. Nothing without --cors.
void add_cors(const SiteOptions& options, const Request& request, HeaderMap& headers);
// Adds a name to Vary, once.
void add_vary(HeaderMap& headers, std::string_view name);

}  // namespace troika
