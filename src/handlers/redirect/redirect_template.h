#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace troika {

// Where a redirect leads: a URL or a path with places that a request fills in.
class RedirectTemplate {
 public:
  // What a request fills in.
  struct Values {
    std::string_view host;   // without a port; empty: the request names none
    std::string_view path;   // as Target::path
    std::string_view rest;   // of `path`: what the route's prefix left; empty, or begins with "/"
    std::string_view query;  // as Target::query
    bool encoded_slash = false;  // as Target::encoded_slash
  };

  // For Location. Nothing when the host cannot be part of a URL, or has no such label: 400. The
  // values are encoded, so they bring no other host, scheme, or line.
  std::optional<std::string> fill_in(const Values& values) const;

 private:
  friend Checked<RedirectTemplate> parse_redirect(std::string_view text);

  struct Part {
    enum class Kind : std::uint8_t { text, host, label, path, rest, query } kind = Kind::text;
    std::string text{};     // of `text`; of `rest`: in its place when that is empty
    std::size_t label = 0;  // of `label`: from the left, from 1
  };
  static Checked<Part> placeholder(std::string_view name);
  static Checked<void> check(std::vector<Part>& parts);

  std::vector<Part> parts_;
};

// Reads a URL ("https://example.org{path}{query}"), or a path that begins with "/" or "{path}",
// with {host}, {host.N} (label N from the left, from 1), {path}, {rest} (what the prefix left) and
// {query} (with its "?"). An error is what is wrong and what to write instead; who reads it adds
// the line of a file.
Checked<RedirectTemplate> parse_redirect(std::string_view text);

}  // namespace troika
