#include "handlers/glob.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstring>

namespace troika {
namespace {

constexpr std::string_view kAnyFolders = "**/";

std::size_t find_any_folders(std::string_view glob, std::size_t from) noexcept {
  std::size_t at = glob.find(kAnyFolders, from);
  while (at != std::string_view::npos && at != 0 && glob[at - 1] != '/') {
    at = glob.find(kAnyFolders, at + 1);
  }
  return at;
}

}  // namespace

std::size_t Glob::any_folders_in(std::string_view glob) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = find_any_folders(glob, at)) != std::string_view::npos; ++count) {
    at += kAnyFolders.size();
  }
  return count;
}

Glob::Glob(std::string_view glob) {
  if (glob.starts_with('/')) {
    glob.remove_prefix(1);
  } else if (!glob.contains('/')) {
    held_ = Held::last_segment;
  }
  add_forms(std::string(glob), 0, kMostAnyFolders);
  if (held_ == Held::last_segment) return;
  const std::size_t special = std::min(glob.find_first_of("*?[\\"), glob.size());
  beginning_ = glob.substr(0, special);
  const std::string_view rest = glob.substr(special);
  if (rest.empty()) {
    kind_ = Kind::one_path;
  } else if (std::ranges::all_of(rest, [](char c) { return c == '*'; })) {
    kind_ = Kind::open;
  }
}

// Each "**/" as it is, which takes a folder or more, and left out.
void Glob::add_forms(const std::string& glob, std::size_t from, std::size_t left) {
  const std::size_t at = left == 0 ? std::string::npos : find_any_folders(glob, from);
  if (at == std::string::npos) {
    forms_.push_back(glob);
    return;
  }
  add_forms(std::string(glob).erase(at, kAnyFolders.size()), at, left - 1);
  add_forms(glob, at + kAnyFolders.size(), left - 1);
}

bool Glob::matches(const char* path) const noexcept {
  if (held_ == Held::last_segment) {
    if (const char* const slash = std::strrchr(path, '/'); slash != nullptr) path = slash + 1;
  }
  return std::ranges::any_of(
      forms_, [path](const std::string& form) { return fnmatch(form.c_str(), path, 0) == 0; });
}

bool matches_glob(std::string_view glob, std::string_view path) {
  return Glob(glob).matches(std::string(path).c_str());
}

}  // namespace troika
