#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cerrno>
#include <fstream>
#include <map>
#include <thread>
#include <vector>

#include "unit/loop/file_rig.h"
#include "unit/loop/inject.h"

namespace troika {
namespace {

namespace fs = std::filesystem;

using Names = std::map<std::string, mode_t>;

Names names_in(const OpenFile& folder) {
  Names names;
  const Status status = folder.list([&](std::string_view name, mode_t type) {
    CHECK(names.emplace(name, type).second);
    return true;
  });
  CHECK(status.has_value());
  return names;
}

// "file 4", "folder", ..., or the error.
std::string look(const OpenFile& folder, std::string_view name) {
  const auto info = folder.look_at(name);
  if (!info) return std::string(name_of(info.error().code));
  switch (info->st_mode & S_IFMT) {
    case S_IFREG: return "file " + std::to_string(info->st_size);
    case S_IFDIR: return "folder";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    default: return "?";
  }
}

TEST_CASE(
    "A folder lists its names with their kinds, and opens neither them nor what they link to") {
  Rig rig;
  rig.folder.write("file", "text");
  rig.folder.write(".hidden", "");
  fs::create_directory(rig.folder / "sub");
  fs::create_symlink("file", rig.folder / "link");
  fs::create_symlink("nowhere", rig.folder / "dangling");
  REQUIRE(::mkfifo((rig.folder / "fifo").c_str(), 0600) == 0);
  const Fd server = socket_at(rig.folder / "sock");
  fs::create_symlink("fifo", rig.folder / "to_fifo");
  fs::create_symlink("sock", rig.folder / "to_sock");
  const auto root = rig.open(".");
  CHECK(names_in(**root) == Names{{".hidden", S_IFREG},
                                  {"dangling", S_IFLNK},
                                  {"fifo", S_IFIFO},
                                  {"file", S_IFREG},
                                  {"link", S_IFLNK},
                                  {"sock", S_IFSOCK},
                                  {"sub", S_IFDIR},
                                  {"to_fifo", S_IFLNK},
                                  {"to_sock", S_IFLNK}});
  CHECK(names_in(**rig.open("sub")).empty());
  for (const char* const name : {"fifo", "to_fifo"}) CHECK(look(**root, name) == "fifo");
  for (const char* const name : {"sock", "to_sock"}) CHECK(look(**root, name) == "socket");
}

TEST_CASE("Names come as the bytes that they are") {
  Rig rig;
  Names wanted;
  for (const std::string& name :
       {std::string(255, 'n'), std::string("line\nbreak\r"), std::string("\xff\xfe\xc3("),
        std::string("\"<&>'%41"), std::string("..."), std::string(" "), std::string("\\..\\")}) {
    rig.folder.write(name, "text");
    wanted.emplace(name, S_IFREG);
  }
  fs::create_symlink(std::string(255, 'n'), rig.folder / "\xe9");
  wanted.emplace("\xe9", S_IFLNK);
  const auto root = rig.open(".");
  CHECK(names_in(**root) == wanted);
  for (const auto& [name, type] : wanted) CHECK(look(**root, name) == "file 4");
}

TEST_CASE("A folder of 5,000 names is listed in full, or as far as the visitor likes") {
  Rig rig;
  Names wanted;
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "a name that is not short at all " + std::to_string(i);
    rig.folder.write(name, "");
    wanted.emplace(name, S_IFREG);
  }
  const auto root = rig.open(".");
  CHECK(names_in(**root) == wanted);
  for (const int most : {1, 4999}) {
    int count = 0;
    CHECK((*root)->list([&](auto, auto) { return ++count < most; }).has_value());
    CHECK(count == most);
  }
  CHECK(names_in(**root) == wanted);
}

TEST_CASE("Lists of one folder at the same time do not take names from each other") {
  Rig rig;
  for (int i = 0; i < 500; ++i) rig.folder.write(std::to_string(i), "");
  fs::create_symlink("1", rig.folder / "link");
  const auto root = rig.open(".");
  int outer = 0;
  CHECK((*root)
            ->list([&](auto, auto) {
              if (++outer % 100 == 1) CHECK(names_in(**root).size() == 501);
              return true;
            })
            .has_value());
  CHECK(outer == 501);

  std::atomic<int> whole = 0;
  std::atomic<int> followed = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 20; ++round) {
          int count = 0;
          const auto status = (*root)->list([&](auto, auto) { return ++count != 0; });
          whole += status && count == 501 ? 1 : 0;
          followed += (*root)->look_at("link").has_value() ? 1 : 0;
        }
      });
    }
    for (int i = 0; i < 200; ++i) CHECK(rig.open(".").has_value());
  }
  CHECK(whole == 60);
  CHECK(followed == 60);
}

TEST_CASE("A folder that is removed while it is listed ends") {
  Rig rig;
  fs::create_directory(rig.folder / "sub");
  for (int i = 0; i < 3000; ++i) rig.folder.write("sub/" + std::to_string(i), "");
  const auto sub = rig.open("sub");
  int count = 0;
  const Status status = (*sub)->list([&](auto, auto) {
    if (++count == 1) fs::remove_all(rig.folder / "sub");
    return true;
  });
  CHECK(count >= 1);
  CHECK(count <= 3000);
  CHECK((status || status.error().code == ErrorCode::io));
  count = 0;
  const Status again = (*sub)->list([&](auto, auto) { return ++count != 0; });
  CHECK(count == 0);
  CHECK((again || again.error().code == ErrorCode::not_found));
  CHECK(look(**sub, "1") == "not found");
  CHECK((*sub)->now()->st_nlink == 0);
}

TEST_CASE("Links are followed beneath the root, out of the folder, too") {
  Rig rig;
  rig.folder.write("top", "top");
  fs::create_directories(rig.folder / "sub/deep");
  rig.folder.write("sub/file", "text");
  fs::create_symlink("file", rig.folder / "sub/beside");
  fs::create_symlink("../top", rig.folder / "sub/above");
  fs::create_symlink("deep", rig.folder / "sub/folder");
  fs::create_symlink("beside", rig.folder / "sub/chain");
  fs::create_symlink("..", rig.folder / "sub/root");
  fs::create_symlink("sub", rig.folder / "link");
  for (const char* path : {"sub", "link", "sub/../sub/deep/.."}) {
    CAPTURE(path);
    const auto sub = rig.open(path);
    REQUIRE(sub);
    for (const char* name : {"file", "beside", "chain"}) CHECK(look(**sub, name) == "file 4");
    for (const char* name : {"deep", "folder", "root"}) CHECK(look(**sub, name) == "folder");
    CHECK(look(**sub, "above") == "file 3");
  }
  CHECK(look(**rig.open("."), "link") == "folder");
}

TEST_CASE("Links that leave the root, dangle or go round are not found") {
  const inject::Guard inject;
  inject->openat2_all = GENERATE(0, ENOSYS);
  Rig rig;
  TempFolder outside;
  outside.write("secret", "secret");
  const std::string other = fs::path(outside.path()).filename().string();
  fs::create_directory(rig.folder / "sub");
  rig.folder.write("inside", "inside");
  const std::map<std::string, std::string> links{{"absolute", outside / "secret"},
                                                 {"relative", "../../" + other + "/secret"},
                                                 {"parent", "../.."},
                                                 {"slash", "/"},
                                                 {"absolute_inside", rig.folder / "inside"},
                                                 {"out_and_in", rig.folder / "sub/../inside"},
                                                 {"magic", "/proc/self/root"},
                                                 {"dangling", "nowhere"},
                                                 {"below_file", "../inside/below"},
                                                 {"to_absolute", "absolute"},
                                                 {"loop", "loop"},
                                                 {"there", "back"},
                                                 {"back", "there"}};
  for (const auto& [name, target] : links) fs::create_symlink(target, rig.folder / ("sub/" + name));
  const auto sub = rig.open("sub");
  const std::ptrdiff_t before = open_descriptors();
  for (const auto& [name, target] : links) {
    CAPTURE(name);
    CHECK(look(**sub, name) == "not found");
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("Only a name can be looked at, not a path") {
  Rig rig;
  fs::create_directories(rig.folder / "sub/deep");
  rig.folder.write("sub/file", "text");
  rig.folder.write("top", "top");
  const auto sub = rig.open("sub");
  using namespace std::string_view_literals;
  for (const std::string_view name : {""sv, "."sv, ".."sv, "../top"sv, "./file"sv, "deep/"sv, "/"sv,
                                      "/etc/passwd"sv, "deep/.."sv, "file\0"sv, "\0"sv}) {
    CAPTURE(name);
    CHECK(look(**sub, name) == "not found");
  }
  CHECK(look(**sub, std::string(255, 'a')) == "not found");
  CHECK(look(**sub, std::string(256, 'a')) == "not found");
  CHECK(look(**sub, "missing") == "not found");
}

TEST_CASE("What may not be read is denied, behind a link as well") {
  Rig rig;
  fs::permissions(rig.folder.path(), fs::perms::all);
  rig.folder.write("locked", "x");
  rig.folder.write("free", "x");
  fs::create_directory(rig.folder / "closed");
  fs::create_directory(rig.folder / "blind");
  rig.folder.write("blind/file", "x");
  fs::create_symlink("locked", rig.folder / "to_locked");
  fs::create_symlink("free", rig.folder / "to_free");
  fs::permissions(rig.folder / "locked", fs::perms::none);
  fs::permissions(rig.folder / "closed", fs::perms::none);
  fs::permissions(rig.folder / "blind", fs::perms(0444));
  const auto root = rig.open(".");
  const auto blind = rig.open("blind");
  {
    const AsNobody nobody;
    for (const char* name : {"locked", "to_locked", "closed"})
      CHECK(look(**root, name) == "denied");
    for (const char* name : {"free", "to_free"}) CHECK(look(**root, name) == "file 1");
    CHECK(look(**blind, "file") == "denied");
    CHECK((*blind)->list([](auto, auto) { return true; }).error().code == ErrorCode::denied);
  }
  fs::permissions(rig.folder / "closed", fs::perms::all);
  fs::permissions(rig.folder / "blind", fs::perms::all);
}

TEST_CASE("A race with a rename while a link is followed is tried three times") {
  Rig rig;
  rig.folder.write("file", "text");
  fs::create_symlink("file", rig.folder / "link");
  const auto root = rig.open(".");
  const inject::Guard inject;
  inject->openat2 = {EAGAIN, EAGAIN};
  CHECK(look(**root, "link") == "file 4");
  inject->openat2 = {EAGAIN, EAGAIN, EAGAIN};
  CHECK(look(**root, "link") == "unavailable");
  CHECK(look(**root, "link") == "file 4");
}

TEST_CASE("A link that is swapped while it is looked at never leads outside") {
  const inject::Guard inject;
  inject->openat2_all = GENERATE(0, ENOSYS);
  Rig rig;
  TempFolder outside;
  outside.write("name", "outside");
  rig.folder.write("inside", "in");
  fs::create_symlink("inside", rig.folder / "link");
  const auto root = rig.open(".");
  std::atomic<bool> stop = false;
  std::jthread swapper([&] {
    for (int i = 0; !stop; ++i) {
      fs::create_symlink(i % 2 == 0 ? outside / "name" : "inside", rig.folder / "next");
      fs::rename(rig.folder / "next", rig.folder / "link");
    }
  });
  int inside = 0;
  bool good = true;
  for (int i = 0; i < 5000; ++i) {
    const std::string found = look(**root, "link");
    good = good && (found == "file 2" || found == "not found" || found == "unavailable");
    inside += found == "file 2" ? 1 : 0;
  }
  stop = true;
  CHECK(good);
  CHECK(inside > 0);
}

TEST_CASE("Out of descriptors a folder cannot be listed, but files in it be looked at") {
  Rig rig;
  rig.folder.write("file", "text");
  fs::create_symlink("file", rig.folder / "link");
  const auto root = rig.open(".");
  {
    const NoDescriptors none;
    CHECK((*root)->list([](auto, auto) { return true; }).error().code == ErrorCode::unavailable);
    CHECK(look(**root, "link") == "unavailable");
    CHECK(look(**root, "file") == "file 4");
  }
  const std::ptrdiff_t before = open_descriptors();
  CHECK(names_in(**root).size() == 2);
  CHECK((*root)->list([](auto, auto) { return false; }).has_value());
  CHECK(look(**root, "link") == "file 4");
  CHECK(open_descriptors() == before);
}

TEST_CASE("A folder works on when it was moved, and when its reader is gone") {
  TempFolder folder;
  fs::create_directory(folder / "sub");
  folder.write("sub/file", "text");
  fs::create_symlink("file", folder / "sub/link");
  BufferPool pool;
  Loop loop;
  std::unique_ptr<OpenFile> sub;
  for (const bool on_pool : {false, true}) {
    CAPTURE(on_pool);
    UvFileReader reader(loop, pool, folder.path());
    Ref<RootFolder> root;
    const auto finding = reader.find_root([&](auto found) { root = std::move(*found); });
    const inject::Guard inject;
    inject->openat2_cached = on_pool ? EAGAIN : 0;
    sub.reset();
    const auto opening = reader.open(root, "sub", [&](auto opened) { sub = std::move(*opened); });
    CHECK((opening != nullptr) == on_pool);
    REQUIRE(run_until(loop, [&] { return sub != nullptr; }));
  }
  CHECK(look(*sub, "link") == "file 4");
  fs::rename(folder / "sub", folder / "moved");
  CHECK(names_in(*sub) == Names{{"file", S_IFREG}, {"link", S_IFLNK}});
  CHECK(look(*sub, "file") == "file 4");
  CHECK(look(*sub, "link") == "not found");
}

}  // namespace
}  // namespace troika
