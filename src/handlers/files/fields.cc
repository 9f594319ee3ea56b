#include "handlers/files/fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <format>

#include "base/text.h"
#include "http/message/request_builder.h"

namespace troika {
namespace {

// What the handler of files answers with. Other errors are found before it sees the request.
constexpr auto kPageStatuses = std::to_array<std::uint16_t>({404, 405, 406, 412, 416, 500, 503});

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), ascii::lower);
  return lower;
}

bool has_empty_or_dotted_segment(std::string_view path) noexcept {
  for (;;) {
    const std::size_t end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    if (segment.empty() || segment == "." || segment == "..") return true;
    if (end == std::string_view::npos) return false;
    path.remove_prefix(end + 1);
  }
}

bool is_scheme(std::string_view text) noexcept {  // RFC 3986 §3.1
  return !text.empty() && ascii::is_alpha(text[0]) && std::ranges::all_of(text, [](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || std::string_view("+-.").contains(c);
  });
}

}  // namespace

Checked<std::pair<std::uint16_t, std::string>> parse_error_page(std::string_view text) {
  const std::size_t equals = text.find('=');
  std::uint16_t status = 0;
  const char* const begin = text.data();
  const char* const end = begin + std::min(equals, text.size());
  const auto [stop, error] = std::from_chars(begin, end, status);
  if (equals == std::string_view::npos || error != std::errc{} || stop != end ||
      !std::ranges::contains(kPageStatuses, status)) {
    return std::unexpected(std::format(
        "--error-page takes CODE=PATH, like 404=/404.html, where CODE is 404, 405, 406, "
        "412, 416, 500 or 503, not \"{}\"",
        text));
  }
  std::string_view path = text.substr(equals + 1);
  if (path.starts_with('/')) path.remove_prefix(1);
  if (has_empty_or_dotted_segment(path)) {
    return std::unexpected(std::format(
        "--error-page takes the path of a file in the folder, like 404=/404.html, not \"{}\"",
        text));
  }
  return std::pair(status, std::string(path));
}

Checked<std::string> parse_cors_origin(std::string_view text) {
  if (text == "*") return std::string(text);
  // RFC 6454 §6.2: in lower case, and without the port that the scheme stands for.
  std::string origin = lower_case(text);
  const std::size_t slashes = origin.find("://");
  const std::string_view scheme = std::string_view(origin).substr(0, slashes);
  const std::string_view host =
      slashes == std::string::npos ? "" : std::string_view(origin).substr(slashes + 3);
  // RFC 3986 allows a star in a host, but no browser has one, so that it would match nobody.
  if (!is_scheme(scheme) || !valid_authority(host) || host.ends_with(':') || host.contains('*')) {
    return std::unexpected(std::format(
        "--cors takes '*' or an origin like https://example.org (no path, no slash behind it), not "
        "\"{}\"",
        text));
  }
  const std::string_view usual = scheme == "https" ? ":443" : scheme == "http" ? ":80" : "";
  if (!usual.empty() && host.ends_with(usual)) origin.resize(origin.size() - usual.size());
  return origin;
}

}  // namespace troika
