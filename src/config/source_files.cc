#include "config/source_files.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/text.h"

namespace troika {
namespace {

constexpr auto kInIncluded =
    std::to_array<std::string_view>({"certificate", "origin", "routes", "site"});

// One byte more than the limit shows that it is too long.
Checked<std::string> text_of_file(const std::string& path) {
  struct stat info{};
  errno = 0;
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    return std::unexpected(formatted("{} is a folder: name a file in it", path));
  }
  std::ifstream in(path, std::ios::binary);
  std::string text;
  std::array<char, 65536> part{};
  while (in && text.size() <= kMostTomlBytes) {
    in.read(part.data(), part.size());
    text.append(part.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (in.eof() || text.size() > kMostTomlBytes) return text;
  return std::unexpected(formatted("cannot read the configuration {}: {}", path,
                                   std::strerror(errno != 0 ? errno : EIO)));
}

// The files that a pattern names, sorted. Whether there have to be some, the caller knows.
Checked<std::vector<std::string>> matches(const std::string& pattern) {
  glob_t found{};
  const std::unique_ptr<glob_t, decltype(&globfree)> guard(&found, globfree);
  const int result = glob(pattern.c_str(), 0, nullptr, &found);
  if (result != 0 && result != GLOB_NOMATCH) {
    return std::unexpected(formatted("cannot look for {}: {}", pattern, std::strerror(ENOMEM)));
  }
  return std::vector<std::string>(found.gl_pathv, found.gl_pathv + found.gl_pathc);
}

class SourceReader {
 public:
  SourceReader(const Environment& environment, const FileLimits& limits, Findings& findings,
               std::vector<Expanded::Secret>& secrets)
      : environment_(environment), limits_(limits), findings_(findings), secrets_(secrets) {}

  std::vector<SourceFile> read(const std::string& path) {
    if (!read_file(path, {})) return {};
    const auto entry = std::ranges::find(files_.front().tree.entries, "include", &TomlEntry::key);
    if (entry == files_.front().tree.entries.end()) return std::move(files_);
    const TomlValue only{.entries = {*entry}};
    const TableContext context{findings_, environment_, files_.front().folder, secrets_};
    for (const Given& include : read_table(only, {}, context)) {
      for (std::size_t i = 0; i < include.texts.size(); ++i) {
        if (!read_pattern(include.texts[i], include.places[i])) return {};
      }
    }
    return std::move(files_);
  }

 private:
  bool fail(Written at, std::string sentence) {
    findings_.error(at, std::move(sentence));
    return false;
  }

  bool read_file(const std::string& path, Written at) {
    auto text = text_of_file(path);
    if (!text) return fail(at, text.error());
    bytes_ += text->size();
    if (bytes_ > limits_.bytes) {
      return fail(at, formatted("all files of the configuration are longer than {} MiB",
                                limits_.bytes >> 20U));
    }
    const std::uint32_t number = findings_.add_file(path, std::move(*text));
    auto tree = parse_toml(findings_.text(number), number);
    if (!tree) return fail(tree.error().at, tree.error().sentence);
    const auto folder = std::filesystem::absolute(path).parent_path().lexically_normal();
    files_.push_back({folder.string(), std::move(*tree)});
    return number == 0 || check_included(files_.back().tree);
  }

  // Whoever adds a site to a folder of sites does not change the server.
  bool check_included(const TomlValue& tree) {
    for (const auto& [key, at, value] : tree.entries) {
      if (std::ranges::contains(kInIncluded, key)) continue;
      return fail(at, formatted("an included file has [[site]], [[certificate]] and "
                                "[[routes.NAME]] only: move \"{}\" to the file that includes it",
                                key));
    }
    return true;
  }

  bool read_pattern(const std::string& pattern, Written at) {
    if (!pattern.ends_with(".toml")) {
      return fail(at,
                  "include: the names of included files end in .toml, so that what editors "
                  "leave behind is not read");
    }
    const auto found = matches(pattern);
    if (!found) return fail(at, found.error());
    if (found->empty() && pattern.find_first_of("*?[") == std::string::npos) {
      return fail(at, formatted("include: there is no {}", pattern));
    }
    if (found->empty()) {
      findings_.add(Finding::Kind::warning, at, formatted("include: nothing matches {}", pattern));
    }
    for (const std::string& path : *found) {
      if (files_.size() > limits_.includes) {
        return fail(at, formatted("include: there are more than {} files", limits_.includes));
      }
      if (!read_file(path, at)) return false;
    }
    return true;
  }

  const Environment& environment_;
  const FileLimits& limits_;
  Findings& findings_;
  std::vector<Expanded::Secret>& secrets_;
  std::vector<SourceFile> files_;
  std::size_t bytes_ = 0;
};

}  // namespace

std::vector<SourceFile> read_sources(const std::string& path, const Environment& environment,
                                     const FileLimits& limits, Findings& findings,
                                     std::vector<Expanded::Secret>& secrets) {
  return SourceReader(environment, limits, findings, secrets).read(path);
}

}  // namespace troika
