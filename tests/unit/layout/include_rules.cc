#include "unit/layout/include_rules.h"

#include <algorithm>
#include <array>
#include <format>
#include <span>

namespace troika::layout {
namespace {

using Names = std::span<const std::string_view>;

// A folder and what its files may include besides themselves. The longest match counts. A name that
// ends in a slash stands for all below it; "proto/*" for the headers directly in proto.
struct Rule {
  std::string_view folder;
  Names may;
};

constexpr std::array<std::string_view, 0> kNothing{};
constexpr std::array<std::string_view, 1> kBase{"base/"};
constexpr std::array<std::string_view, 2> kNet{"net/", "base/"};
constexpr std::array<std::string_view, 3> kHttp{"http/", "net/", "base/"};
constexpr std::array<std::string_view, 4> kSessions{"proto/*", "http/", "net/", "base/"};
constexpr std::array<std::string_view, 5> kH3{"proto/*", "proto/quic/application.h", "http/",
                                              "net/", "base/"};
constexpr std::array<std::string_view, 3> kQuic{"tls/", "net/", "base/"};
constexpr std::array<std::string_view, 7> kClient{"proto/", "tls/", "certs/", "uv/",
                                                  "http/",  "net/", "base/"};
constexpr std::array<std::string_view, 9> kAll{"proto/",  "tls/",  "certs/", "uv/",  "handlers/",
                                               "client/", "http/", "net/",   "base/"};

constexpr std::array<Rule, 14> kRules{{
    {"src/base/", kNothing},
    {"src/net/", kBase},
    {"src/http/", kNet},
    {"src/uv/", kNet},
    {"src/handlers/", kHttp},
    {"src/client/", kClient},
    {"src/server/", kAll},
    {"proto/", kHttp},
    {"proto/h1/", kSessions},
    {"proto/h2/", kSessions},
    {"proto/h3/", kH3},
    {"proto/quic/", kQuic},
    {"tls/", kNet},
    {"certs/", kBase},
}};

// A library is for one folder, or one file, alone.
struct Library {
  std::string_view header;
  std::array<std::string_view, 4> users;
};
constexpr std::array<Library, 10> kLibraries{{
    {"uv.h", {"src/uv/"}},
    {"nghttp2/", {"proto/h2/"}},
    {"nghttp3/", {"proto/h3/"}},
    {"ngtcp2/", {"proto/quic/"}},
    {"openssl/", {"tls/", "proto/quic/", "certs/", "src/handlers/static/digest.cc"}},
    {"llhttp.h", {"proto/h1/parser.cc"}},
    {"CLI/", {"src/server/cli.cc"}},
    {"zlib.h", {"src/handlers/compress/"}},
    {"brotli/", {"src/handlers/compress/"}},
    {"zstd.h", {"src/handlers/compress/"}},
}};

const Rule* rule_of(std::string_view path) {
  const Rule* best = nullptr;
  for (const Rule& rule : kRules) {
    if (path.starts_with(rule.folder) &&
        (best == nullptr || rule.folder.size() > best->folder.size())) {
      best = &rule;
    }
  }
  return best;
}

bool matches(std::string_view name, std::string_view included) {
  if (name == "proto/*") {
    return included.starts_with("proto/") && included.find('/', 6) == std::string_view::npos;
  }
  return name.ends_with('/') ? included.starts_with(name) : included == name;
}

bool own(const Rule& rule, std::string_view included) {
  std::string_view folder = rule.folder;
  if (folder.starts_with("src/")) folder.remove_prefix(4);
  return folder == "proto/" ? matches("proto/*", included) : included.starts_with(folder);
}

std::string wrong_own(const Rule& rule, std::string_view included) {
  const auto may = [&](std::string_view name) { return matches(name, included); };
  if (own(rule, included) || std::ranges::any_of(rule.may, may)) return {};
  return std::format("{} may not include \"{}\"", rule.folder, included);
}

std::string wrong_library(std::string_view path, std::string_view included) {
  for (const Library& library : kLibraries) {
    const bool is_it = library.header.ends_with('/') ? included.starts_with(library.header)
                                                     : included == library.header;
    if (!is_it) continue;
    const auto user = [&](std::string_view name) {
      return !name.empty() && path.starts_with(name);
    };
    if (!std::ranges::any_of(library.users, user)) {
      return std::format("<{}> is for {} alone", included, library.users[0]);
    }
  }
  return {};
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

// What stands between the quotes or brackets of an #include line, with its opening mark; or
// nothing.
std::string_view included_by(std::string_view line) {
  line = trim(line);
  if (!line.starts_with('#')) return {};
  line = trim(line.substr(1));
  if (!line.starts_with("include")) return {};
  line = trim(line.substr(7));
  if (!line.starts_with('"') && !line.starts_with('<')) return {};
  return line.substr(0, line.find(line[0] == '<' ? '>' : '"', 1));
}

}  // namespace

std::vector<std::string> violations(std::string_view path, std::string_view text) {
  const Rule* const rule = rule_of(path);
  if (rule == nullptr)
    return {std::format("{}:1: no rule says what this folder may include", path)};
  std::vector<std::string> found;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view included = included_by(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (included.empty()) continue;
    const std::string_view name = included.substr(1);
    const std::string wrong =
        included[0] == '"' ? wrong_own(*rule, name) : wrong_library(path, name);
    if (!wrong.empty()) found.push_back(std::format("{}:{}: {}", path, number, wrong));
  }
  return found;
}

}  // namespace troika::layout
