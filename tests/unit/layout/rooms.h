#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace troika::layout {

// A source file, by its path in the checkout.
struct Source {
  std::string path, text;
};

// The table of docs/architecture.md: which room may include which, and who uses a library.
class Rooms {
 public:
  struct Library {
    std::string header;  // "uv.h", or "openssl/" for all below
    std::string file;    // that alone may; empty: all of the room
  };
  struct Room {
    std::string folder;
    std::vector<std::string> may;  // folders, or single headers
    std::vector<Library> libraries;
  };

  // Throws std::runtime_error with a sentence when the text has no such table, or a row names one
  // that does not stand above it: arrows run down only, so there is no circle of rooms.
  explicit Rooms(std::string_view architecture);

  // Each of these gives a line a fault: "path:line: what is wrong".
  std::vector<std::string> wrong_includes(const Source& source) const;
  // `cmake`: the text of CMakeLists.txt, with its troika_room(... LINK ...).
  std::vector<std::string> wrong_links(std::string_view cmake) const;

 private:
  const Room* find(std::string_view folder) const;
  bool may_include(const Room& room, std::string_view path) const;

  std::vector<Room> rooms_;
};

// Circles between modules: a module is a header and the .cc of its name. Each as "a b c", in order.
std::vector<std::string> module_circles(const std::vector<Source>& sources);

}  // namespace troika::layout
