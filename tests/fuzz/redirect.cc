// Whatever a template and a request are, the redirect leads where the template says. The input is
// the template, the host and the target, each on a line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/cases.h"
#include "handlers/redirect/redirect_template.h"
#include "http/message/target.h"

namespace {

using troika::fuzz::require;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view to = take_line(text), host = take_line(text);
  const auto made = troika::parse_redirect(to);
  if (!made) {
    require(!made.error().empty());
    return 0;
  }
  const auto target = troika::parse_target(text);
  if (!target || target->path == "*" || (!host.empty() && !troika::valid_authority(host))) return 0;
  const std::string_view path = target->path;
  for (const std::size_t cut : {std::size_t{0}, std::min(path.find('/', 1), path.size())}) {
    const auto location = made->fill_in({.host = host,
                                         .path = path,
                                         .rest = path.substr(cut),
                                         .query = target->query,
                                         .encoded_slash = target->encoded_slash});
    if (!location) {
      require(to.contains("{host"));
      continue;
    }
    // Visible ASCII without what ends a field, an attribute or a URL, and no other host.
    require(std::ranges::all_of(*location, [](char c) {
      return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\';
    }));
    if (to.starts_with("http")) {
      const std::string_view written = to.substr(0, to.find_first_of("{/?#", to.find("//") + 2));
      require(location->starts_with(written));
      if (!to.contains("{host")) {
        const std::size_t end = location->find_first_of("/?#", location->find("//") + 2);
        const std::string_view authority = std::string_view(*location).substr(0, end);
        require(authority == written);
      }
    } else {
      require(location->starts_with('/') && !location->starts_with("//"));
    }
  }
  return 0;
}
