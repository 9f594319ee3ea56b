#include "config/config.h"

namespace troika {

const FilesSpec* folder_of(const Config& config) noexcept {
  return std::get_if<FilesSpec>(&config.sites.front().routes.front().action);
}

std::vector<const FilesSpec*> folders_of(const Config& config) {
  std::vector<const FilesSpec*> folders;
  for (const SiteSpec& site : config.sites) {
    for (const RouteSpec& route : site.routes) {
      if (const auto* files = std::get_if<FilesSpec>(&route.action)) folders.push_back(files);
    }
  }
  return folders;
}

FilesSpec& serve_files(Config& config) {
  ActionSpec& action = config.sites.front().routes.front().action;
  FilesSpec* const files = std::get_if<FilesSpec>(&action);
  return files != nullptr ? *files : action.emplace<FilesSpec>();
}

}  // namespace troika
