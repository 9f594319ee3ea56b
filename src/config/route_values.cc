#include "config/route_values.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/site_values.h"
#include "config/values.h"
#include "ports/address.h"

namespace troika {
namespace {

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && std::ranges::all_of(label, [](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || c == '-' || c == '_';
  });
}

bool is_name(std::string_view name) {
  while (true) {
    const std::size_t dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

bool is_ip6(std::string_view text) {
  return text.starts_with('[') && text.ends_with(']') &&
         Address::parse(std::string(text) + ":1").has_value();
}

constexpr auto kRedirects = std::to_array<std::uint64_t>({301, 302, 303, 307, 308});

}  // namespace

Checked<std::string> parse_host(std::string_view text) {
  if (text.contains("://")) {
    return std::unexpected(
        formatted("must be a name alone, like \"example.org\", not \"{}\"", text));
  }
  const std::string_view name = text.starts_with("*.") ? text.substr(2) : text;
  const std::size_t colon = name.rfind(':');
  if (!name.starts_with('[') && colon != std::string_view::npos && is_name(name.substr(0, colon))) {
    return std::unexpected(formatted("must be a name without a port: write \"{}\", not \"{}\"",
                                     text.substr(0, text.size() - name.size() + colon), text));
  }
  if (!is_name(name) && !is_ip6(text)) {
    return std::unexpected(
        formatted("must be a host like \"example.org\", \"*.example.org\" (one label) or "
                  "\"[2001:db8::7]\", not \"{}\"{}",
                  text,
                  std::ranges::any_of(text, [](char c) { return static_cast<signed char>(c) < 0; })
                      ? ": write other letters in their xn-- form"
                      : ""));
  }
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), ascii::lower);
  return lower;
}

Checked<std::string> parse_route_path(std::string_view text) {
  if (!text.starts_with('/')) {
    return std::unexpected(formatted("must begin with a slash: write \"/{0}\", not \"{0}\"", text));
  }
  if (text.find_first_of("?#") != std::string_view::npos) {
    return std::unexpected(formatted(
        "is compared with the path alone: leave out what follows ? or #, not \"{}\"", text));
  }
  const std::string whole = text.ends_with('/') ? std::string(text) : std::string(text) + '/';
  if (whole.contains("//") || whole.contains("/./") || whole.contains("/../")) {
    return std::unexpected(formatted(
        "cannot match: requests have no empty segment, . or .. in their paths, not \"{}\"", text));
  }
  if (text.contains('%')) {
    return std::unexpected(formatted(
        "is compared with the decoded path: write the characters themselves, not \"{}\"", text));
  }
  return std::string(text);
}

Checked<std::string> parse_route_prefix(std::string_view text) {
  auto path = parse_route_path(text);
  if (!path || path->size() == 1 || !path->ends_with('/')) return path;
  return std::unexpected(formatted("takes \"{0}\" and what is below it: write \"{0}\", not \"{1}\"",
                                   text.substr(0, text.size() - 1), text));
}

Checked<std::string> parse_route_glob(std::string_view text) {
  if (text.empty() || text.find_first_of("{}, \t") != std::string_view::npos) {
    return std::unexpected(
        formatted("must be one glob without braces, a comma or a space, like \"/docs/*.pdf\", not "
                  "\"{}\"",
                  text));
  }
  return std::string(text);
}

Checked<std::string> parse_method(std::string_view text) {
  if (ascii::is_token(text) &&
      std::ranges::none_of(text, [](char c) { return c >= 'a' && c <= 'z'; })) {
    return std::string(text);
  }
  return std::unexpected(
      formatted("must be methods in capital letters, like \"GET\", not \"{}\"", text));
}

Checked<SiteOptions::HeaderRule> parse_field(std::string_view text) {
  const std::string_view name = text.substr(0, text.find(':'));
  if (!ascii::is_token(name)) {
    return std::unexpected(
        formatted("\"{}\" is not a field name: use letters, digits and -", name));
  }
  return parse_header_option(text);
}

Checked<std::uint16_t> parse_redirect_status(std::string_view text) {
  const auto status = parse_count(text, 300, 399);
  if (status && std::ranges::contains(kRedirects, *status)) {
    return static_cast<std::uint16_t>(*status);
  }
  return std::unexpected(formatted("must be 301, 302, 303, 307 or 308, not {}", text));
}

Checked<std::uint16_t> parse_respond_status(std::string_view text) {
  const auto status = parse_count(text, 200, 599);
  if (!status) return std::unexpected(status.error());
  return static_cast<std::uint16_t>(*status);
}

Checked<std::string> parse_media_type(std::string_view text) {
  const auto option = parse_type_option("x=" + std::string(text));
  if (option) return option->second;
  return std::unexpected(formatted(
      "must be a media type, like \"text/plain\" or \"text/html; charset=utf-8\", not \"{}\"",
      text));
}

}  // namespace troika
