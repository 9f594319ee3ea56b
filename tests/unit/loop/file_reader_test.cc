#include "loop/file_reader.h"

#include <sys/stat.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "test_paths.h"
#include "unit/loop/file_rig.h"
#include "unit/loop/inject.h"

namespace troika {
namespace {

namespace fs = std::filesystem;

TEST_CASE("A file in the page cache is opened and read on the loop") {
  Rig rig;
  const std::string text = long_text();
  rig.folder.write("a.txt", text);
  const auto file = rig.open("a.txt");
  REQUIRE(file);
  CHECK(S_ISREG((*file)->info().st_mode));
  CHECK((*file)->info().st_size == static_cast<off_t>(text.size()));
  CHECK(rig.read_all(**file, 65536) == text);
  CHECK_FALSE(rig.on_pool);
  CHECK(text_of(rig.read(**file, 7, 5).value()) == text.substr(7, 5));
  CHECK(rig.read(**file, 1U << 30U, 10)->empty());
  CHECK(rig.read(**file, 0, 1U << 20U)->size() <= 65536);
  CHECK(rig.pool.outstanding() == 0);
}

TEST_CASE("tmpfs, which does not know RWF_NOWAIT, is read on the loop") {
  Rig rig("/dev/shm");
  rig.folder.write("a.txt", long_text());
  const auto file = rig.open("a.txt");
  REQUIRE(file);
  CHECK(rig.read_all(**file, 65536) == long_text());
  CHECK_FALSE(rig.on_pool);
}

TEST_CASE("What the kernel has not cached is read by the thread pool") {
  Rig rig;
  rig.folder.write("a.txt", long_text());
  const auto file = rig.open("a.txt");
  const inject::Guard inject;
  inject->preadv2_nowait = EAGAIN;
  CHECK(rig.read_all(**file, 30'000) == long_text());
  CHECK(rig.on_pool);
  CHECK(rig.pool.outstanding() == 0);
}

TEST_CASE("A file system that is not in memory and knows no RWF_NOWAIT is read by the pool") {
  Rig rig(TROIKA_BINARY_DIR);
  rig.folder.write("a.txt", long_text());
  const auto file = rig.open("a.txt");
  {
    const inject::Guard inject;
    inject->preadv2_nowait = EOPNOTSUPP;
    CHECK(rig.read_all(**file, 65536) == long_text());
    CHECK(rig.on_pool);
  }
  CHECK(text_of(rig.read(**file, 0, 3).value()) == "0 1");
  CHECK(rig.on_pool);  // remembered
}

TEST_CASE("A short read is not the end, nor is an empty one before it") {
  Rig rig;
  rig.folder.write("a.txt", long_text());
  const auto file = rig.open("a.txt");
  const inject::Guard inject;
  inject->preadv2_short = 1000;
  CHECK(rig.read_all(**file, 65536) == long_text());
  inject->preadv2_empty = true;
  CHECK(rig.read_all(**file, 65536) == long_text());
}

TEST_CASE("An error of the disk is an error of the read") {
  Rig rig;
  rig.folder.write("a.txt", "text");
  const auto file = rig.open("a.txt");
  const inject::Guard inject;
  inject->preadv2_nowait = EIO;
  CHECK(rig.read(**file, 0, 10).error().code == ErrorCode::io);
  inject->preadv2_nowait = EAGAIN;
  inject->pread = EIO;
  CHECK(rig.read(**file, 0, 10).error().code == ErrorCode::io);
  CHECK(rig.pool.outstanding() == 0);
}

TEST_CASE("Nothing outside the root is opened") {
  const inject::Guard inject;
  inject->openat2_all = GENERATE(0, ENOSYS, EPERM);
  Rig rig;
  TempFolder outside;
  outside.write("secret", "secret");
  rig.folder.write("inside", "inside");
  fs::create_directory(rig.folder / "sub");
  fs::create_symlink(outside / "secret", rig.folder / "absolute");
  fs::create_symlink("../../" + fs::path(outside.path()).filename().string() + "/secret",
                     rig.folder / "sub/relative");
  fs::create_symlink(rig.folder / "inside", rig.folder / "absolute_inside");
  fs::create_symlink("../inside", rig.folder / "sub/good");
  fs::create_symlink("/proc/self/root", rig.folder / "magic");
  for (const char* path : {"absolute", "sub/relative", "absolute_inside", "..", "../", "sub/../..",
                           "/etc/passwd", "magic/etc/passwd"}) {
    CAPTURE(path);
    CHECK(rig.open_error(path) == ErrorCode::not_found);
  }
  const auto good = rig.open("sub/good");  // not in the cache yet: its time of access changes
  REQUIRE(good);
  CHECK(rig.read_all(**good, 100) == "inside");
  CHECK(rig.open("sub/../inside").has_value());
}

TEST_CASE("A link that is swapped while it is followed never leads outside") {
  const inject::Guard inject;
  inject->openat2_all = GENERATE(0, ENOSYS);
  Rig rig;
  TempFolder outside;
  outside.write("name", "outside");
  fs::create_directory(rig.folder / "good");
  std::ofstream(rig.folder / "good/name") << "inside";
  fs::create_symlink("good", rig.folder / "link");
  std::atomic<bool> stop = false;
  std::jthread swapper([&] {
    for (int i = 0; !stop; ++i) {
      fs::create_symlink(i % 2 == 0 ? outside.path() : "good", rig.folder / "next");
      fs::rename(rig.folder / "next", rig.folder / "link");
    }
  });
  int inside = 0;
  for (int i = 0; i < 5000; ++i) {
    const auto file = rig.open("link/name");
    if (!file) continue;
    REQUIRE(text_of(rig.read(**file, 0, 100).value()) == "inside");
    ++inside;
  }
  stop = true;
  CHECK(inside > 0);
}

TEST_CASE("What is missing, too long or a loop is not found") {
  Rig rig;
  rig.folder.write("file", "");
  fs::create_symlink("loop", rig.folder / "loop");
  CHECK(rig.open_error("missing") == ErrorCode::not_found);
  CHECK(rig.open_error("file/below") == ErrorCode::not_found);
  CHECK(rig.open_error("loop") == ErrorCode::not_found);
  CHECK(rig.open_error(std::string(300, 'a')) == ErrorCode::not_found);
  CHECK(rig.open_error("") == ErrorCode::not_found);
  std::string deep = "a";
  while (deep.size() < 5000) deep += "/a";
  CHECK(rig.open_error(deep) == ErrorCode::not_found);
}

TEST_CASE("A file without permission is denied") {
  Rig rig;
  rig.folder.write("locked", "x");
  fs::permissions(rig.folder / "locked", fs::perms::none);
  fs::permissions(rig.folder.path(), fs::perms::all);
  std::ignore = rig.root();
  const AsNobody nobody;
  CHECK(rig.open_error("locked") == ErrorCode::denied);
}

TEST_CASE("A folder that may be entered but not listed is served, one that may not is denied") {
  Rig rig;
  rig.folder.write("file", "root");
  for (const auto& [name, mode] :
       {std::pair{"entered", 0711}, std::pair{"closed", 0700}, std::pair{"listed", 0755}}) {
    fs::create_directories(rig.folder / (std::string(name) + "/sub"));
    rig.folder.write(std::string(name) + "/file", "text");
    fs::permissions(rig.folder / name, fs::perms(mode));
  }
  fs::permissions(rig.folder.path(), fs::perms(0711));
  const inject::Guard inject;
  for (const int refused : {0, ENOSYS}) {
    CAPTURE(refused);
    inject->openat2_all = refused;
    const AsNobody nobody;
    CHECK(open_root(rig.folder.path()).has_value());
    CHECK(rig.find_root().has_value());
    CHECK(rig.open("file").has_value());
    CHECK(rig.open("entered/file").has_value());
    CHECK(rig.open("entered/sub").has_value());
    CHECK(rig.open_error("entered/missing") == ErrorCode::not_found);
    CHECK(rig.open_error("closed") == ErrorCode::denied);
    CHECK(rig.open_error("closed/file") == ErrorCode::denied);
    const auto all = [](auto, auto) { return true; };
    for (const char* const path : {".", "entered"}) {
      const auto folder = rig.open(path);
      REQUIRE(folder);
      CHECK(S_ISDIR((*folder)->info().st_mode));
      CHECK((*folder)->now().has_value());
      CHECK((*folder)->list(all).error().code == ErrorCode::denied);
    }
    CHECK((*rig.open("listed"))->list(all).has_value());
    CHECK((*rig.open("entered"))->look_at("file")->st_size == 4);
    const auto root = rig.open(".");
    CHECK((*root)->look_at("entered").has_value());
    CHECK((*root)->look_at("closed").error().code == ErrorCode::denied);
  }
}

TEST_CASE("A root that may not be entered is explained") {
  TempFolder folder;
  fs::create_directory(folder / "closed");
  fs::permissions(folder / "closed", fs::perms(0700));
  fs::permissions(folder.path(), fs::perms(0755));
  const AsNobody nobody;
  CHECK(open_root(folder / "closed").error() ==
        "the folder " + (folder / "closed") +
            " cannot be entered by this user: execute permission (x) is missing");
}

TEST_CASE("Folders, FIFOs and sockets neither block nor pass for files") {
  Rig rig;
  fs::create_directory(rig.folder / "sub");
  REQUIRE(::mkfifo((rig.folder / "fifo").c_str(), 0600) == 0);
  const Fd server = socket_at(rig.folder / "sock");

  const auto folder = rig.open("sub");
  REQUIRE(folder);
  CHECK(S_ISDIR((*folder)->info().st_mode));
  CHECK(rig.read(**folder, 0, 10).error().code == ErrorCode::io);
  const auto fifo = rig.open("fifo");
  REQUIRE(fifo);
  CHECK(S_ISFIFO((*fifo)->info().st_mode));
  CHECK(rig.read(**fifo, 0, 10).error().code == ErrorCode::io);
  CHECK(rig.open_error("sock") == ErrorCode::not_found);
  const auto root = rig.open(".");
  REQUIRE(root);
  CHECK(S_ISDIR((*root)->info().st_mode));
}

TEST_CASE("Out of descriptors a file is unavailable, and back again later") {
  Rig rig;
  rig.folder.write("a.txt", "a");
  const auto root = rig.root();
  std::optional<ErrorCode> code;
  {
    const NoDescriptors none;
    const auto operation =
        rig.reader.open(root, "a.txt", [&](auto opened) { code = opened.error().code; });
  }
  CHECK(code == ErrorCode::unavailable);
  CHECK(rig.open("a.txt").has_value());
}

TEST_CASE("A read that is cancelled gives its slab back and never calls") {
  Rig rig;
  rig.folder.write("a.txt", long_text());
  auto file = rig.open("a.txt");
  inject::Guard inject;
  inject->preadv2_nowait = EAGAIN;
  inject->hold_pread = true;
  bool called = false;
  auto token = std::make_shared<int>(0);
  auto operation = rig.reader.read(**file, 0, 65536, [&called, token](auto) { called = true; });
  REQUIRE(operation);
  while (inject.held() == 0) std::this_thread::yield();
  operation.reset();
  CHECK(token.use_count() == 1);  // what the callback held is free at once
  (*file).reset();                // the job keeps the descriptor
  CHECK(rig.pool.outstanding() != 0);
  inject.release();
  CHECK(run_until(rig.loop, [&] { return rig.pool.outstanding() == 0; }));
  CHECK_FALSE(called);
}

TEST_CASE("Jobs that were queued and cancelled do not run") {
  Rig rig;
  rig.folder.write("a.txt", long_text());
  auto file = rig.open("a.txt");
  inject::Guard inject;
  inject->preadv2_nowait = EAGAIN;
  inject->hold_pread = true;
  std::vector<std::unique_ptr<Operation>> operations;
  int called = 0;
  for (int i = 0; i < 50; ++i) {
    operations.push_back(rig.reader.read(**file, 0, 100, [&](auto) { ++called; }));
  }
  operations.resize(1);
  inject.release();
  CHECK(run_until(rig.loop, [&] { return called == 1 && rig.pool.outstanding() == 0; }));
}

TEST_CASE("An operation may be destroyed inside its own callback") {
  Rig rig;
  rig.folder.write("a.txt", "text");
  auto file = rig.open("a.txt");
  const inject::Guard inject;
  inject->preadv2_nowait = EAGAIN;
  std::unique_ptr<Operation> operation;
  std::string text;
  operation = rig.reader.read(**file, 0, 100, [&](Result<Slice> slice) {
    operation.reset();
    text = text_of(slice.value());
  });
  CHECK(run_until(rig.loop, [&] { return !text.empty(); }));
  CHECK(text == "text");
}

TEST_CASE("A loop waits for the jobs of a reader that is gone") {
  TempFolder folder;
  folder.write("a.txt", "text");
  BufferPool pool;
  inject::Guard inject;
  {
    Loop loop;
    UvFileReader reader(loop, pool, folder.path());
    Ref<RootFolder> root;
    const auto finding = reader.find_root([&](auto found) { root = std::move(*found); });
    std::unique_ptr<OpenFile> file;
    const auto opening =
        reader.open(root, "a.txt", [&](auto opened) { file = std::move(*opened); });
    inject->preadv2_nowait = EAGAIN;
    inject->hold_pread = true;
    auto operation = reader.read(*file, 0, 10, [](auto) {});
    while (inject.held() == 0) std::this_thread::yield();
    operation.reset();
    inject.release();
  }
  CHECK(pool.outstanding() == 0);
}

TEST_CASE("A file that is deleted while it is read is served to its end") {
  Rig rig;
  rig.folder.write("a.txt", long_text());
  const auto file = rig.open("a.txt");
  CHECK(rig.read(**file, 0, 1000)->size() == 1000);
  fs::remove(rig.folder / "a.txt");
  CHECK(rig.read_all(**file, 65536) == long_text());
  CHECK(rig.open_error("a.txt") == ErrorCode::not_found);
}

TEST_CASE("A file that shrinks while it is read ends early") {
  Rig rig;
  rig.folder.write("a.txt", long_text());
  const auto file = rig.open("a.txt");
  fs::resize_file(rig.folder / "a.txt", 1500);
  CHECK(rig.read(**file, 1000, 1000)->size() == 500);
  CHECK(rig.read(**file, 1500, 1000)->empty());
}

TEST_CASE("A root that cannot be served is explained in one sentence") {
  TempFolder folder;
  folder.write("file", "");
  const auto missing = open_root(folder / "missing");
  REQUIRE_FALSE(missing);
  CHECK(missing.error() ==
        "the folder " + (folder / "missing") + " does not exist: create it, or serve another one");
  const auto file = open_root(folder / "file");
  REQUIRE_FALSE(file);
  CHECK(file.error() == (folder / "file") + " is not a folder: give a folder to serve");
}

TEST_CASE("A kernel that has no way to open without waiting has the pool open all") {
  Rig rig;
  rig.folder.write("a.txt", "a");
  const inject::Guard inject;
  for (const int error : {EINVAL, EAGAIN}) {
    inject->openat2_cached = error;
    CHECK(rig.find_root().has_value());
    CHECK(rig.on_pool);
    CHECK(rig.open("a.txt").has_value());
  }
}

TEST_CASE("A race with a rename is tried three times") {
  Rig rig;
  rig.folder.write("a.txt", "a");
  const inject::Guard inject;
  inject->openat2_cached = EAGAIN;
  inject->openat2 = {EAGAIN, EAGAIN};
  CHECK(rig.open("a.txt").has_value());
  inject->openat2 = {EAGAIN, EAGAIN, EAGAIN};
  CHECK(rig.open_error("a.txt") == ErrorCode::unavailable);
  CHECK(rig.open("a.txt").has_value());
}

}  // namespace
}  // namespace troika
