#include "handlers/files/precoded.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace troika {
namespace {

struct Ending {
  std::string_view extension;
  Coding coding;
};
constexpr std::array kEndings{Ending{"br", Coding::br}, Ending{"zst", Coding::zstd},
                              Ending{"gz", Coding::gzip}};

// Of a name, behind its last dot; empty when there is none, or nothing in front of it.
std::string_view extension_of(std::string_view path) noexcept {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? "" : name.substr(dot + 1);
}

bool has_own_type(const SiteOptions& options, std::string_view extension) noexcept {
  return std::ranges::any_of(options.types, [extension](const auto& type) {
    return ascii::equal_ignoring_case(type.first, extension);
  });
}

}  // namespace

std::optional<Precoded> precoded_by_name(const SiteOptions& options,
                                         std::string_view path) noexcept {
  const std::string_view extension = extension_of(path);
  if (ascii::equal_ignoring_case(extension, "svgz")) {
    if (has_own_type(options, extension)) return std::nullopt;  // somebody knows better
    return Precoded{Coding::gzip, media_type_of(options, path.substr(0, path.size() - 1)), {}};
  }
  if (!options.precoded) return std::nullopt;
  const auto ending = std::ranges::find_if(kEndings, [extension](const Ending& each) {
    return ascii::equal_ignoring_case(each.extension, extension);
  });
  if (ending == kEndings.end()) return std::nullopt;
  const std::string_view plain = path.substr(0, path.size() - extension.size() - 1);
  const std::string_view of_plain = extension_of(plain);
  if (of_plain.empty() || ascii::equal_ignoring_case(of_plain, "tar")) return std::nullopt;
  return Precoded{ending->coding, media_type_of(options, plain), plain};
}

}  // namespace troika
