#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "handlers/site_options.h"

namespace troika {

// What is written of sites and their routes in a file. An error is what is wrong with the value and
// what to write instead.

// "example.org", "*.example.org" or an address, without a port; gives it in lower case.
Checked<std::string> parse_host(std::string_view text);
// What is compared with the decoded path of a request: "/", "/old", "/a b".
Checked<std::string> parse_route_path(std::string_view text);
// The same; no slash at the end, since it is compared by segments.
Checked<std::string> parse_route_prefix(std::string_view text);
Checked<std::string> parse_route_glob(std::string_view text);  // "/docs/*.pdf", "*.php"
Checked<std::string> parse_method(std::string_view text);      // "GET"
// "Name: value", for every response.
Checked<SiteOptions::HeaderRule> parse_field(std::string_view text);
// 301, 302, 303, 307 or 308.
Checked<std::uint16_t> parse_redirect_status(std::string_view text);
// 200 to 599.
Checked<std::uint16_t> parse_respond_status(std::string_view text);
// "text/plain; charset=utf-8"
Checked<std::string> parse_media_type(std::string_view text);

}  // namespace troika
