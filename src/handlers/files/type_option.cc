#include <algorithm>
#include <format>

#include "base/text.h"
#include "handlers/files/fields.h"
#include "http/message/fields.h"
#include "http/message/request_builder.h"

namespace troika {
namespace {

// RFC 9110 §5.6.4.
bool is_quoted_string(std::string_view text) noexcept {
  if (text.size() < 2 || text.front() != '"') return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1 == text.size();
    if (text[i] == '\\') ++i;
  }
  return false;
}

// RFC 9110 §5.6.6, with a value as it must be, and no empty ones.
bool is_parameter(std::string_view text) noexcept {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view value = text.substr(equals + 1);
  return ascii::is_token(text.substr(0, equals)) &&
         (ascii::is_token(value) || is_quoted_string(value));
}

// RFC 9110 §8.3.1. A star is a token's character, but no part of a type's name (RFC 6838 §4.2).
bool is_media_type(std::string_view text) {
  if (!valid_field_value(text) || text.ends_with(';')) return false;
  const std::string_view essence = take_piece(text, ';');
  const std::size_t slash = essence.find('/');
  if (slash == std::string_view::npos || essence.contains('*') ||
      !ascii::is_token(essence.substr(0, slash)) || !ascii::is_token(essence.substr(slash + 1))) {
    return false;
  }
  while (!text.empty()) {
    if (!is_parameter(take_piece(text, ';'))) return false;
  }
  return true;
}

// Of one segment's last part; a glob would match nothing.
bool is_extension(std::string_view text) noexcept {
  return !text.empty() && text.find_first_of("./*?[]{}, \t") == std::string_view::npos;
}

}  // namespace

Checked<std::pair<std::string, std::string>> parse_type_option(std::string_view text) {
  const std::size_t equals = text.find('=');
  std::string_view extension = text.substr(0, equals);
  if (extension.starts_with('.')) extension.remove_prefix(1);
  if (equals == std::string_view::npos || !is_extension(extension)) {
    return std::unexpected(std::format(
        "--type takes EXT=TYPE with what is behind the last dot of a name, like md=text/plain, not "
        "\"{}\"",
        text));
  }
  const std::string_view type = ascii::trim(text.substr(equals + 1));
  if (!is_media_type(type)) {
    return std::unexpected(
        std::format("--type {0}=\"{1}\" is no media type: write it like {0}=text/plain or "
                    "'{0}=text/html; charset=utf-8'",
                    extension, type));
  }
  std::string lower(extension);
  std::ranges::transform(lower, lower.begin(), ascii::lower);
  return std::pair(std::move(lower), std::string(type));
}

}  // namespace troika
