#include "unit/layout/rooms.h"

#include <algorithm>
#include <array>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>

#include "base/text.h"

namespace troika::layout {
namespace {

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(by);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// What stands between `backticks`.
std::vector<std::string> quoted(std::string_view cell) {
  std::vector<std::string> words;
  const auto parts = split(cell, '`');
  for (std::size_t i = 1; i < parts.size(); i += 2) words.emplace_back(parts[i]);
  return words;
}

// "`openssl/` in `digest.cc`, `zlib.h`"
std::vector<Rooms::Library> libraries_of(std::string_view cell, const std::string& folder) {
  std::vector<Rooms::Library> libraries;
  for (const std::string_view part : split(cell, ',')) {
    const auto words = quoted(part);
    if (words.empty()) continue;
    libraries.push_back({words[0], words.size() > 1 ? folder + '/' + words[1] : ""});
  }
  return libraries;
}

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(path.substr(0, slash == std::string_view::npos ? 0 : slash));
}
std::string module_of(std::string_view path) {
  return std::string(path.substr(0, path.rfind('.')));
}

bool matches(std::string_view header, std::string_view included) {
  return header.ends_with('/') ? included.starts_with(header) : included == header;
}

// What an #include line names: <angle>, or "quotes" where `own`.
struct Include {
  int line;
  std::string name;
  bool own;
};

std::vector<Include> includes_of(std::string_view text) {
  static const std::regex line(R"re(^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">].*)re");
  std::vector<Include> found;
  int number = 0;
  for (const std::string_view one : split(text, '\n')) {
    ++number;
    std::cmatch match;
    if (std::regex_match(one.data(), one.data() + one.size(), match, line)) {
      found.push_back({number, match[2], match[1] == "\""});
    }
  }
  return found;
}

}  // namespace

Rooms::Rooms(std::string_view architecture) {
  bool inside = false;
  for (const std::string_view line : split(architecture, '\n')) {
    if (line.starts_with("| room | may include |")) {
      inside = true;
      continue;
    }
    if (!inside || line.starts_with("|---")) continue;
    if (!line.starts_with('|')) break;
    const auto cells = split(line, '|');
    const auto names = cells.size() == 5 ? quoted(cells[1]) : std::vector<std::string>{};
    if (names.size() != 1) throw std::runtime_error("not a row of the table: " + std::string(line));
    Room room{names[0], {}, libraries_of(cells[3], names[0])};
    for (const std::string& may : quoted(cells[2])) {
      bool known = false;
      for (const Room& above : rooms_) {
        const bool below_it =
            may.ends_with("/*") && above.folder.starts_with(may.substr(0, may.size() - 1));
        if (below_it) room.may.push_back(above.folder);
        if (may.ends_with(".h") && folder_of(may) == above.folder) room.may.push_back(may);
        if (may == above.folder) room.may.push_back(may);
        known = known || below_it || may == above.folder || folder_of(may) == above.folder;
      }
      if (!known) {
        throw std::runtime_error(
            formatted("{} may include {}, which does not stand above it", room.folder, may));
      }
    }
    rooms_.push_back(std::move(room));
  }
  if (rooms_.empty()) throw std::runtime_error("there is no table of rooms");
}

const Rooms::Room* Rooms::find(std::string_view folder) const {
  const auto room = std::ranges::find(rooms_, folder, &Room::folder);
  return room == rooms_.end() ? nullptr : &*room;
}

bool Rooms::may_include(const Room& room, std::string_view path) const {
  return folder_of(path) == room.folder || std::ranges::contains(room.may, folder_of(path)) ||
         std::ranges::contains(room.may, path);
}

std::vector<std::string> Rooms::wrong_includes(const Source& source) const {
  const Room* const room = find(folder_of(source.path));
  if (room == nullptr) return {source.path + ":1: the table has no row for this folder"};
  std::vector<std::string> wrong;
  const auto say = [&](const Include& include, std::string_view what) {
    wrong.push_back(formatted("{}:{}: {} {}", source.path, include.line, room->folder, what));
  };
  for (const Include& include : includes_of(source.text)) {
    if (include.own) {
      const std::array<std::string, 3> paths{include.name, "core/" + include.name,
                                             "src/" + include.name};
      const auto may = [&](const std::string& path) { return may_include(*room, path); };
      if (std::ranges::none_of(paths, may)) say(include, "may not include " + include.name);
      continue;
    }
    bool known = false, allowed = false;
    for (const Room& user : rooms_) {
      for (const Library& library : user.libraries) {
        if (!matches(library.header, include.name)) continue;
        known = true;
        allowed = allowed || (user.folder == room->folder &&
                              (library.file.empty() || library.file == source.path));
      }
    }
    if (known && !allowed) say(include, "may not use " + include.name);
  }
  return wrong;
}

std::vector<std::string> Rooms::wrong_links(std::string_view cmake) const {
  static const std::regex call(R"re(troika_room\(([^)\s]+)\s*([^)]*)\))re");
  const std::string text(cmake);
  std::vector<std::string> wrong;
  std::set<std::string> made;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), call); it != std::sregex_iterator();
       ++it) {
    const std::string folder = (*it)[1];
    made.insert(folder);
    const Room* const room = find(folder);
    if (room == nullptr) {
      wrong.push_back("CMakeLists.txt: the table has no row for " + folder);
      continue;
    }
    bool linking = false;
    static const std::regex word(R"re(\S+)re");
    const std::string arguments = (*it)[2];
    for (auto one = std::sregex_iterator(arguments.begin(), arguments.end(), word);
         one != std::sregex_iterator(); ++one) {
      const std::string name = one->str();
      if (name == "LINK" || name == "LIBS" || name == "PRIVATE_LIBS" || name == "EXCLUDE") {
        linking = name == "LINK";
      } else if (linking && !std::ranges::contains(room->may, name)) {
        wrong.push_back(formatted("CMakeLists.txt: {} may not link {}", folder, name));
      }
    }
  }
  for (const Room& room : rooms_) {
    // Without a library: a room that is one program.
    if (!made.contains(room.folder) && !text.contains(" " + room.folder + "/main.cc")) {
      wrong.push_back("CMakeLists.txt: there is no library of " + room.folder);
    }
  }
  return wrong;
}

std::vector<std::string> module_circles(const std::vector<Source>& sources) {
  std::map<std::string, std::set<std::string>> includes, reached;  // of a module
  for (const Source& source : sources) includes[module_of(source.path)];
  const auto module_named = [&](const std::string& name) {
    for (const std::string_view root : {"", "core/", "src/"}) {
      const std::string module = std::string(root).append(module_of(name));
      if (includes.contains(module)) return module;
    }
    return std::string();
  };
  for (const Source& source : sources) {
    for (const Include& include : includes_of(source.text)) {
      const std::string module = include.own ? module_named(include.name) : "";
      if (!module.empty()) includes[module_of(source.path)].insert(module);
    }
  }
  for (const auto& [module, _] : includes) {
    std::vector<std::string> open{module};
    while (!open.empty()) {
      const std::string from = std::move(open.back());
      open.pop_back();
      for (const std::string& next : includes.at(from)) {
        if (next != from && reached[module].insert(next).second) open.push_back(next);
      }
    }
  }
  std::vector<std::string> circles;
  for (const auto& [module, others] : reached) {
    if (!others.contains(module)) continue;
    std::string circle;  // told of its first module
    for (const std::string& other : others) {
      if (reached[other].contains(module)) circle += (circle.empty() ? "" : " ") + other;
    }
    if (circle.starts_with(module + ' ')) circles.push_back(circle);
  }
  return circles;
}

}  // namespace troika::layout
