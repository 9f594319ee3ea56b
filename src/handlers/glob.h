#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace troika {

// As a shell does, of a whole path without its first slash ("assets/js/app.js"); "*" takes slashes,
// too, and a segment "**" stands for any folders or none. A glob without a slash is held against
// the last segment alone; a first slash holds it to the top.
class Glob {
 public:
  // So many segments "**" may stand for no folder at all; those after them for one or more.
  static constexpr std::size_t kMostAnyFolders = 4;
  static std::size_t any_folders_in(std::string_view glob) noexcept;

  explicit Glob(std::string_view glob);
  // `path` ends with a NUL and has none within. Does not allocate.
  bool matches(const char* path) const noexcept;

  // What each path that matches begins with.
  std::string_view beginning() const noexcept { return beginning_; }
  // Matches nothing but beginning().
  bool is_one_path() const noexcept { return kind_ == Kind::one_path; }
  // Matches all that begins with beginning().
  bool is_open() const noexcept { return kind_ == Kind::open; }

 private:
  enum class Kind : unsigned char { one_path, open, other };
  enum class Held : unsigned char { whole_path, last_segment };

  void add_forms(const std::string& glob, std::size_t from, std::size_t left);

  std::vector<std::string> forms_;  // for fnmatch, which has no "**"
  std::string beginning_;
  Kind kind_ = Kind::other;
  Held held_ = Held::whole_path;
};

bool matches_glob(std::string_view glob, std::string_view path);

}  // namespace troika
