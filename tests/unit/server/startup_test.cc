#include "server/startup.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "support/live_server.h"

using namespace troika;

namespace {

void write(const std::filesystem::path& path) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << "x";
}

// What start_up() notes about the folder's pages.
std::vector<std::string> notes(const std::string& root, SiteOptions site) {
  ServeOptions options;
  options.root = root;
  options.site = std::move(site);
  options.listen = {test::must(Address::parse("127.0.0.1:0"))};
  options.certificates = {{test::test_certificate().cert_file, test::test_certificate().key_file}};
  return test::must(start_up(options)).warnings;
}

}  // namespace

TEST_CASE("Pages that the options name and the folder lacks are noted at start, not refused") {
  const test::TemporaryFolder folder;
  const std::string root = folder.path().string();
  SiteOptions site;
  CHECK(notes(root, site).empty());
  site.spa = true;
  site.error_pages = {{404, "errors/404.html"}, {503, "busy"}};
  CHECK(notes(root, site) == std::vector<std::string>{
                                 "--spa finds no index.html in " + root +
                                     ": until there is one, pages that are not there are 404",
                                 "--error-page 404 finds no errors/404.html in " + root +
                                     ": until there is one, a short text is sent",
                                 "--error-page 503 finds no busy in " + root +
                                     ": until there is one, a short text is sent",
                             });
  write(folder.path() / "index.html");
  write(folder.path() / "errors/404.html");
  write(folder.path() / "busy");
  CHECK(notes(root, site).empty());
}

TEST_CASE("A page that is a folder, or a link out of the folder, is as good as none") {
  const test::TemporaryFolder folder;
  const std::filesystem::path root = folder.path() / "root";
  write(folder.path() / "outside.html");
  write(root / "inside.html");
  std::filesystem::create_directory(root / "folder");
  std::filesystem::create_symlink("../outside.html", root / "out.html");
  std::filesystem::create_symlink("inside.html", root / "in.html");
  SiteOptions site;
  for (const auto& [path, missing] : {std::pair("folder", true),
                                      {"out.html", true},
                                      {"inside.html/x", true},
                                      {"in.html", false},
                                      {"inside.html", false}}) {
    CAPTURE(path);
    site.error_pages = {{404, path}};
    CHECK(notes(root.string(), site).size() == (missing ? 1 : 0));
  }
}
