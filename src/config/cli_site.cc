#include "config/cli_site.h"

#include <algorithm>
#include <format>

#include "handlers/files/fields.h"

namespace troika {
namespace {

// Reads each text with `parse` and puts what it gives behind the others.
template <class Value, class Parse>
Checked<void> read_all(const std::vector<std::string>& texts, Parse parse,
                       std::vector<Value>& into) {
  for (const std::string& text : texts) {
    auto value = parse(text);
    if (!value) return std::unexpected(value.error());
    into.push_back(std::move(*value));
  }
  return {};
}

// The last of two would win without a word.
template <class Key>
Checked<void> check_once(const std::vector<std::pair<Key, std::string>>& values,
                         std::string_view option, std::string_view advice) {
  for (auto one = values.begin(); one != values.end(); ++one) {
    if (std::ranges::contains(values.begin(), one, one->first,
                              &std::pair<Key, std::string>::first)) {
      return std::unexpected(
          std::format("{} is given twice for {}: {}", option, one->first, advice));
    }
  }
  return {};
}

}  // namespace

Checked<void> complete_site(const RawSite& raw, SiteOptions& options) {
  options.compress = !raw.no_compress;
  return read_all(raw.error_pages, parse_error_page, options.error_pages)
      .and_then([&] { return read_all(raw.types, parse_type_option, options.types); })
      .and_then([&] { return read_all(raw.cache, parse_cache_rule, options.cache); })
      .and_then([&] { return read_all(raw.headers, parse_header_option, options.headers); })
      .and_then([&] { return read_all(raw.cors, parse_cors_origin, options.cors); })
      .and_then([&] { return check_once(options.error_pages, "--error-page", "choose one page"); })
      .and_then([&] { return check_once(options.types, "--type", "choose one type"); });
}

}  // namespace troika
