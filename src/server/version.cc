#include "server/version.h"

#include "server/library_floor.h"

namespace troika {

std::string build_text() { return TROIKA_VERSION; }

std::string version_text() {
  const auto libraries = library_versions();
  std::string text = "troika " + build_text() + "\n";
  for (const std::string& library : libraries) {
    text += library + (&library == &libraries.back() ? "\n" : ", ");
  }
  const std::string warning = library_warning(libraries);
  return warning.empty() ? text : text + "warning: " + warning + "\n";
}

}  // namespace troika
