#include <algorithm>
#include <array>
#include <format>

#include "base/text.h"
#include "handlers/files/fields.h"
#include "http/message/request_builder.h"

namespace troika {
namespace {

// What the server says of a message by itself: framing and the connection (RFC 9110 §7.6.1), the
// representation, and what the server sets last. A person's value would be untrue or overwritten.
constexpr auto kOwnFields = std::to_array<std::string_view>({
    "accept-ranges",
    "alt-svc",
    "connection",
    "content-digest",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "etag",
    "keep-alive",
    "last-modified",
    "location",
    "proxy-connection",
    "repr-digest",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
});
static_assert(std::ranges::is_sorted(kOwnFields));

// Of the rules for `name`, those that count for a file: with a glob that it matches, else without.
bool any_matches(const SiteOptions& options, std::string_view name, std::string_view path) {
  return std::ranges::any_of(options.headers, [&](const SiteOptions::HeaderRule& rule) {
    return rule.name == name && !rule.glob.empty() && matches_glob(rule.glob, path);
  });
}

}  // namespace

Checked<SiteOptions::HeaderRule> parse_header_option(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return std::unexpected(std::format(
        "--header takes 'NAME: VALUE' or 'GLOB=NAME: VALUE', and \"{}\" has no colon", text));
  }
  std::string_view written = text.substr(0, colon);
  std::string_view glob;
  if (const std::size_t equals = written.rfind('='); equals != std::string_view::npos) {
    glob = written.substr(0, equals);
    written.remove_prefix(equals + 1);
    if (glob.empty()) {
      return std::unexpected(std::format(
          "--header \"{}\" has no glob before its equals sign: write '*={}: VALUE' for all files",
          text, written));
    }
    if (auto checked = check_glob("--header", glob, "NAME: VALUE"); !checked) {
      return std::unexpected(checked.error());
    }
  }
  std::string name(written);
  std::ranges::transform(name, name.begin(), ascii::lower);
  const std::string_view value = ascii::trim(text.substr(colon + 1));
  if (!ascii::is_token(name)) {
    return std::unexpected(
        std::format("--header takes 'NAME: VALUE' or 'GLOB=NAME: VALUE', and \"{}\" is no name of "
                    "a field: take letters, digits and -",
                    written));
  }
  if (name.contains('*')) {  // a token's character, but no field has it in its name
    return std::unexpected(std::format(
        "--header \"{}\" has a glob but no name: write '{}=NAME: VALUE'", text, written));
  }
  if (value.empty()) {
    return std::unexpected(std::format("--header {0} has no value: write '{0}: VALUE'", name));
  }
  if (!valid_field_value(value)) {
    return std::unexpected(std::format(
        "--header {} has a control character in its value: write it on one line", name));
  }
  if (std::ranges::binary_search(kOwnFields, name)) {
    return std::unexpected(
        std::format("--header cannot set {}, which the server sets itself: leave it out", name));
  }
  return SiteOptions::HeaderRule{std::move(name), std::string(value), std::string(glob)};
}

void add_own_fields(const SiteOptions& options, std::string_view path, HeaderMap& headers) {
  constexpr std::string_view kPolicy = "content-security-policy";
  const bool keeps_policy = headers.has(kPolicy);
  const auto counts = [&](const SiteOptions::HeaderRule& rule) {
    if (rule.name == kPolicy && keeps_policy) return false;
    const bool some = !path.empty() && any_matches(options, rule.name, path);
    return some ? !rule.glob.empty() && matches_glob(rule.glob, path) : rule.glob.empty();
  };
  for (const SiteOptions::HeaderRule& rule : options.headers) {
    if (counts(rule)) headers.remove(rule.name);
  }
  for (const SiteOptions::HeaderRule& rule : options.headers) {
    if (counts(rule)) headers.add(rule.name, rule.value);
  }
}

}  // namespace troika
