#include "loop/root_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <vector>

#include "unit/loop/file_rig.h"
#include "unit/loop/inject.h"

namespace troika {
namespace {

namespace fs = std::filesystem;

// Releases in a folder, and a path to serve that stands for one of them.
struct Releases {
  Releases() {
    for (const char* const name : {"1", "2"}) {
      fs::create_directory(parent / name);
      parent.write(std::string(name) + "/file", name);
    }
  }
  Result<Ref<RootFolder>> look() {
    std::optional<Result<Ref<RootFolder>>> result;
    const auto operation = reader.find_root([&](auto found) { result = std::move(found); });
    REQUIRE(run_until(loop, [&] { return result.has_value(); }));
    return std::move(*result);
  }
  std::string read(const Ref<RootFolder>& root) {
    std::string text;
    bool done = false;
    const auto operation = reader.open(root, "file", [&](auto opened) {
      done = true;
      std::array<std::byte, 9> bytes{};
      if (!opened) return;
      text.assign(reinterpret_cast<const char*>(bytes.data()),
                  (*opened)->read_at(0, bytes).value());
    });
    REQUIRE(run_until(loop, [&] { return done; }));
    return text;
  }

  TempFolder parent;
  BufferPool pool;
  Loop loop;
  std::vector<RootLook> looks{};
  UvFileReader reader{loop, pool, parent / "dist",
                      [this](const RootLook& look) { looks.push_back(look); }};
};

TEST_CASE("A root is what its path stands for when it is looked for") {
  const inject::Guard inject;
  Releases site;
  SECTION("with openat2") {}
  SECTION("on the thread pool") { inject->openat2_all = ENOSYS; }
  CHECK(site.look().error().code == ErrorCode::not_found);
  fs::create_directory_symlink("1", site.parent / "dist");
  const auto first = site.look().value();
  CHECK(site.look().value()->id() == first->id());
  CHECK(site.read(first) == "1");

  fs::remove(site.parent / "dist");
  fs::create_directory_symlink("2", site.parent / "dist");
  const auto second = site.look().value();
  CHECK(second->id() != first->id());
  CHECK(site.read(second) == "2");
  CHECK(site.read(first) == "1");  // who began with it ends with it

  fs::remove(site.parent / "dist");
  CHECK(site.look().error().code == ErrorCode::not_found);
  fs::rename(site.parent / "1", site.parent / "dist");
  CHECK(site.look().value()->id() == first->id());

  fs::remove_all(site.parent / "dist");
  fs::create_directory(site.parent / "dist");
  site.parent.write("dist/file", "3");
  const auto third = site.look().value();
  CHECK(third->id() != first->id());  // while the old one is open, its inode has no other use
  CHECK(site.read(third) == "3");
  CHECK(site.read(first).empty());

  site.parent.write("none", "");
  fs::remove_all(site.parent / "dist");
  fs::rename(site.parent / "none", site.parent / "dist");
  CHECK(site.look().error().code == ErrorCode::not_found);  // a file
  std::vector<int> errors;
  for (const RootLook& look : site.looks) {
    CHECK(look.begun <= look.ended);
    errors.push_back(look.error);
  }
  CHECK(errors == std::vector{ENOENT, 0, 0, 0, ENOENT, 0, 0, ENOTDIR});
}

TEST_CASE("A look for a root that is cancelled calls nobody") {
  const inject::Guard inject;
  inject->openat2_all = ENOSYS;
  Releases site;
  auto operation = site.reader.find_root([](auto) { FAIL("called"); });
  REQUIRE(operation);
  operation.reset();
  CHECK(site.look().error().code == ErrorCode::not_found);
}

TEST_CASE("Out of descriptors a root is unavailable") {
  Releases site;
  fs::create_directory(site.parent / "dist");
  std::ignore = site.look();
  const NoDescriptors none;
  std::optional<ErrorCode> code;
  const auto operation = site.reader.find_root([&](auto found) { code = found.error().code; });
  CHECK(code == ErrorCode::unavailable);
}

// Goes back to where it was.
struct InFolder {
  explicit InFolder(const std::string& path) : before(fs::current_path()) {
    fs::current_path(path);
  }
  InFolder(const InFolder&) = delete;
  InFolder& operator=(const InFolder&) = delete;
  ~InFolder() { fs::current_path(before); }
  fs::path before;
};

TEST_CASE("A relative path of a root is kept as an absolute one, links as they are") {
  const TempFolder folder;
  fs::create_directory(folder / "1");
  fs::create_directory_symlink("1", folder / "current");
  const InFolder here(folder.path());
  const std::string absolute = fs::current_path().string();
  CHECK(lasting_path("current") == absolute + "/current");
  CHECK(lasting_path("./current/") == absolute + "/./current/");
  CHECK(lasting_path(folder / "1") == folder / "1");
  CHECK(lasting_path(".") == absolute + "/.");
}

TEST_CASE("A relative path of a root stays as it is when the working folder has no path") {
  const TempFolder folder;
  fs::create_directory(folder / "gone");
  const InFolder here(folder / "gone");
  fs::remove(folder / "gone");
  CHECK(lasting_path(".") == ".");
}

}  // namespace
}  // namespace troika
