#include "tools/parity/multipart.h"

#include <algorithm>

#include "base/text.h"

namespace troika::parity {
namespace {

Checked<Part> parse_part(std::string_view text) {
  Part part;
  for (;;) {
    const std::size_t end = text.find("\r\n");
    if (end == std::string_view::npos) return std::unexpected("a part's fields have no end");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !ascii::is_token(line.substr(0, colon))) {
      return std::unexpected(formatted("a part has a bad field: {}", line));
    }
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), ascii::lower);
    part.fields.emplace_back(name, ascii::trim(line.substr(colon + 1)));
  }
  part.body = text;
  return part;
}

}  // namespace

Checked<std::string> boundary_of(std::string_view content_type) {
  constexpr std::string_view kType = "multipart/byteranges";
  constexpr std::string_view kName = "boundary=";
  const std::size_t semicolon = content_type.find(';');
  const std::size_t at = content_type.find(kName);
  if (!ascii::equal_ignoring_case(ascii::trim(content_type.substr(0, semicolon)), kType) ||
      at == std::string_view::npos) {
    return std::unexpected(
        formatted("content-type: {} is no multipart/byteranges with a boundary", content_type));
  }
  std::string_view boundary = ascii::trim(content_type.substr(at + kName.size()));
  if (boundary.size() > 1 && boundary.front() == '"' && boundary.back() == '"') {
    boundary = boundary.substr(1, boundary.size() - 2);
  }
  if (boundary.empty() || boundary.size() > 70) {
    return std::unexpected("a boundary has 1 to 70 characters");
  }
  return std::string(boundary);
}

Checked<std::vector<Part>> parse_multipart(std::string_view body, const std::string& boundary) {
  std::vector<Part> parts;
  if (body.starts_with("\r\n")) body.remove_prefix(2);  // belongs to the first delimiter
  if (!body.starts_with("--" + boundary)) return std::unexpected("no boundary at the beginning");
  body.remove_prefix(2 + boundary.size());
  while (!body.starts_with("--")) {
    if (!body.starts_with("\r\n")) return std::unexpected("more than the boundary on its line");
    body.remove_prefix(2);
    const std::size_t end = body.find("\r\n--" + boundary);
    if (end == std::string_view::npos) return std::unexpected("no boundary at the end");
    auto part = parse_part(body.substr(0, end));
    if (!part) return std::unexpected(part.error());
    parts.push_back(std::move(*part));
    body.remove_prefix(end + 4 + boundary.size());
  }
  if (body != "--" && body != "--\r\n") return std::unexpected("something after the last boundary");
  return parts;
}

}  // namespace troika::parity
