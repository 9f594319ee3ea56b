#include "handlers/redirect/redirect_template.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "handlers/file_names.h"
#include "http/message/target.h"

namespace troika {
namespace {

constexpr std::string_view kKnown = "{host}, {host.N}, {path}, {rest} and {query}";

// RFC 3986 §2, with "#", and "%" as the beginning of an encoded byte.
bool is_uri_text(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3 || ascii::hex_value(text[i + 1]) < 0 ||
          ascii::hex_value(text[i + 2]) < 0) {
        return false;
      }
    } else if (!ascii::is_graph(c) || std::string_view("\"<>\\^`{|}").contains(c)) {
      return false;
    }
  }
  return true;
}

// More than this RFC 3986 §3.2.2 allows, but no name in the DNS has it.
bool is_plain_host(std::string_view host) noexcept {
  if (host.starts_with('[')) return true;  // an IPv6 address, checked with the authority
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || c == '-' || c == '_' || c == '.';
  });
}

// The label of a name, from 1; empty: it has none of that number.
std::string_view label_of(std::string_view host, std::size_t number) noexcept {
  if (host.starts_with('[')) return {};
  for (; number > 1; --number) {
    const std::size_t dot = host.find('.');
    if (dot == std::string_view::npos) return {};
    host.remove_prefix(dot + 1);
  }
  return host.substr(0, host.find('.'));
}

// A slash that was sent encoded stays so: the path has it as "%2F" (Target::path).
std::string encoded(std::string_view path, bool encoded_slash) {
  std::string text = encode_path(path);
  if (!encoded_slash) return text;
  constexpr std::string_view kTwice = "%252F";
  for (std::size_t at = 0; (at = text.find(kTwice, at)) != std::string::npos; at += 3) {
    text.replace(at, kTwice.size(), "%2F");
  }
  return text;
}

}  // namespace

// Where a slash meets a slash, one is enough: a Location that begins with two names a host.
std::optional<std::string> RedirectTemplate::fill_in(const Values& values) const {
  std::string out;
  const auto add_path = [&](std::string_view path) {
    std::string text = encoded(path, values.encoded_slash);
    out.append(text, out.ends_with('/') && text.starts_with('/') ? 1 : 0);
  };
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Part::Kind::text:
        out.append(part.text, out.ends_with('/') && part.text.starts_with('/') ? 1 : 0);
        break;
      case Part::Kind::host:
        if (!is_plain_host(values.host)) return std::nullopt;
        out += values.host;
        break;
      case Part::Kind::label: {
        const std::string_view label = label_of(values.host, part.label);
        if (!is_plain_host(label)) return std::nullopt;
        out += label;
        break;
      }
      case Part::Kind::path: add_path(values.path); break;
      case Part::Kind::rest: add_path(values.rest.empty() ? part.text : values.rest); break;
      case Part::Kind::query:
        if (!values.query.empty()) out += "?" + encode_query(values.query);
        break;
    }
  }
  if (out.starts_with("//")) out.erase(1, out.find_first_not_of('/') - 1);
  return out;
}

Checked<RedirectTemplate::Part> RedirectTemplate::placeholder(std::string_view name) {
  using Kind = Part::Kind;
  if (name == "host") return Part{Kind::host};
  if (name == "path") return Part{Kind::path};
  if (name == "rest") return Part{Kind::rest};
  if (name == "query") return Part{Kind::query};
  if (name.starts_with("host.")) {
    const std::string_view digits = name.substr(5);
    std::uint8_t label = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), label);
    constexpr std::size_t kMostLabels = 127;  // RFC 1035 §2.3.4: a name has 255 bytes
    if (error == std::errc{} && end == digits.data() + digits.size() && label >= 1 &&
        label <= kMostLabels) {
      return Part{Kind::label, {}, label};
    }
    return std::unexpected(formatted(
        "{{{}}} is no label of the host: write {{host.1}} for the first one from the left", name));
  }
  return std::unexpected(formatted("{{{}}} is not known here: there are {}", name, kKnown));
}

namespace {

constexpr std::string_view kWrite = "write a URL like https://example.org{path}{query}, or a path";

}  // namespace

// What a client takes for the host must be what is written here.
Checked<void> RedirectTemplate::check(std::vector<Part>& parts) {
  using Kind = Part::Kind;
  const std::string_view first = parts.empty() ? "" : std::string_view(parts.front().text);
  const bool secure = first.starts_with("https://");
  if (!secure && !first.starts_with("http://")) {
    const bool path = !parts.empty() && (parts.front().kind == Kind::path ||
                                         (first.starts_with('/') && !first.starts_with("//")));
    if (path) return {};
    return std::unexpected(formatted(
        "must be a URL that begins with https:// or http://, or a path that begins with one "
        "slash: {}",
        kWrite));
  }
  std::string authority;
  bool ended = false;
  for (std::size_t i = 0; i < parts.size() && !ended; ++i) {
    Part& part = parts[i];
    switch (part.kind) {
      case Kind::text: {
        std::string_view text = part.text;
        if (i == 0) text.remove_prefix(secure ? 8 : 7);
        const std::size_t end = text.find_first_of("/?#");
        ended = end != std::string_view::npos;
        authority += text.substr(0, end);
        break;
      }
      case Kind::host:
      case Kind::label: authority += "a"; break;
      case Kind::path: ended = true; break;
      case Kind::rest:
        ended = true;
        part.text = "/";  // or what follows would be of the host
        break;
      case Kind::query:
        return std::unexpected("has {query} right after its host: write a / before it");
    }
  }
  if (valid_authority(authority)) return {};
  return std::unexpected(
      formatted("has no valid host, and perhaps a port, after its //: {}", kWrite));
}

Checked<RedirectTemplate> parse_redirect(std::string_view text) {
  using Kind = RedirectTemplate::Part::Kind;
  std::vector<RedirectTemplate::Part> parts;
  std::string before;  // the text of all parts
  while (!text.empty()) {
    const std::size_t brace = std::min(text.find('{'), text.size());
    if (brace > 0) {
      const std::string_view literal = text.substr(0, brace);
      if (!is_uri_text(literal)) {
        return std::unexpected(
            formatted("has a character that no URL may have in \"{}\": write it percent-encoded, "
                      "like %20 for a space",
                      literal));
      }
      before += literal;
      parts.push_back({Kind::text, std::string(literal)});
      text.remove_prefix(brace);
      continue;
    }
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) {
      return std::unexpected(
          formatted("has a {{ without its }}: there are {}, and %7B is a {{", kKnown));
    }
    auto part = RedirectTemplate::placeholder(text.substr(1, end - 1));
    if (!part) return std::unexpected(std::move(part.error()));
    if (part->kind == Kind::query && before.find_first_of("?#") != std::string::npos) {
      return std::unexpected(
          "has {query} after a ? or # of its own: {query} brings its ? along, so leave out one of "
          "them");
    }
    parts.push_back(std::move(*part));
    text.remove_prefix(end + 1);
  }
  if (auto checked = RedirectTemplate::check(parts); !checked) {
    return std::unexpected(std::move(checked.error()));
  }
  RedirectTemplate made;
  made.parts_ = std::move(parts);
  return made;
}

}  // namespace troika
