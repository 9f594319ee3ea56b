#pragma once
// Requests as lists of lines, for the tables of request_builder_*_test.cc.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "http/message/request_builder.h"

namespace troika::test {

enum Mask : unsigned { H10 = 1, H11 = 2, H2 = 4, H3 = 8, H1x = H10 | H11, H23 = H2 | H3, All = 15 };

using Line = std::pair<std::string, std::string>;
using Lines = std::vector<Line>;

// GET https://example.com/ with `extra`, where a pseudo field and Host replace what is there by
// default, and without the lines named in `without`.
inline Lines request_lines(HttpVersion version, const Lines& extra, const std::string& without) {
  Lines lines{{":method", "GET"}, {":path", "/"}};
  if (is_h1(version)) {
    lines.emplace_back("Host", "example.com");
  } else {
    lines.emplace_back(":scheme", "https");
    lines.emplace_back(":authority", "example.com");
  }
  const auto replaced = [&](const Line& line) {
    return line.first == without || std::ranges::contains(extra, line.first, &Line::first);
  };
  std::erase_if(lines, replaced);
  // Pseudo fields come first.
  const auto first_field =
      std::ranges::find_if(lines, [](const Line& line) { return !line.first.starts_with(':'); });
  auto at = static_cast<std::size_t>(first_field - lines.begin());
  for (const Line& line : extra) {
    if (line.first.starts_with(':')) {
      lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at++), line);
    } else {
      lines.push_back(line);
    }
  }
  return lines;
}

inline void feed(RequestBuilder& builder, const Lines& lines) {
  for (const auto& [name, value] : lines) {
    if (name == ":method") {
      builder.method(value);
    } else if (name == ":path") {
      builder.target(value);
    } else if (name == ":scheme") {
      builder.scheme(value);
    } else if (name == ":authority") {
      builder.authority(value);
    } else if (name == ":protocol") {
      builder.protocol(value);
    } else {
      builder.field(name, value);
    }
  }
}

struct Built {
  std::uint16_t status = 200;  // or that of the fault
  Request request;
};

struct BuildOptions {
  bool body = false, secure = true;
  Limits limits{};
  std::string without{};
};

// Of request_lines().
inline Built build(HttpVersion version, const Lines& extra, const BuildOptions& options = {}) {
  Built built;
  RequestBuilder builder(built.request, options.limits, version, options.secure);
  feed(builder, request_lines(version, extra, options.without));
  if (const std::uint16_t fault = builder.finish(options.body); fault != 0) built.status = fault;
  return built;
}

inline std::vector<HttpVersion> versions(unsigned mask) {
  std::vector<HttpVersion> out;
  for (unsigned i = 0; i < 4; ++i) {
    if ((mask >> i & 1U) != 0) out.push_back(static_cast<HttpVersion>(i));
  }
  return out;
}

}  // namespace troika::test
