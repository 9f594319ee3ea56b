#include "loop/file_reader.h"

#include <sys/stat.h>

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
  const std::string text = long_text();
  FileRig rig(text);
  CHECK(S_ISREG(rig.file->info().st_mode));
  CHECK(rig.file->info().st_size == static_cast<off_t>(text.size()));
  CHECK(rig.read_all(*rig.file, 65536) == text);
  CHECK_FALSE(rig.on_pool);
  CHECK(text_of(rig.read(*rig.file, 7, 5).value()) == text.substr(7, 5));
  CHECK(rig.read(*rig.file, 1U << 30U, 10)->empty());
  CHECK(rig.read(*rig.file, 0, 1U << 20U)->size() <= 65536);
  CHECK(rig.pool.outstanding() == 0);
}

TEST_CASE("Pieces are read with their gaps, on the loop and by the thread pool") {
  const std::string text = long_text();
  FileRig rig(text);
  const inject::Guard inject;
  for (const int error : {0, EAGAIN}) {
    inject->preadv2_nowait = error;
    for (const std::size_t size : {1U, 16375U, 16376U, 65500U, 70'000U}) {
      CAPTURE(error, size);
      std::optional<Result<Slice>> read;
      constexpr Pieces kFrames{.bytes = 16375, .gap = 9};
      const auto operation = rig.reader.read_pieces(*rig.file, 5, size, kFrames,
                                                    [&](auto slice) { read = std::move(slice); });
      REQUIRE(run_until(rig.loop, [&] { return read.has_value(); }));
      Slice laid_out = read->value();
      std::string got;
      while (!laid_out.empty()) {
        got += text_of(laid_out.take(9, std::min<std::size_t>(laid_out.size() - 9, 16375)));
      }
      CHECK(got == text.substr(5, std::min<std::size_t>(size, 65500)));
    }
  }
}

TEST_CASE("tmpfs, which does not know RWF_NOWAIT, is read on the loop") {
  FileRig rig(long_text(), "/dev/shm");
  CHECK(rig.read_all(*rig.file, 65536) == long_text());
  CHECK_FALSE(rig.on_pool);
}

TEST_CASE("What the kernel has not cached is read by the thread pool") {
  FileRig rig;
  const inject::Guard inject;
  inject->preadv2_nowait = EAGAIN;
  CHECK(rig.read_all(*rig.file, 30'000) == long_text());
  CHECK(rig.on_pool);
  CHECK(rig.pool.outstanding() == 0);
}

TEST_CASE("A file system that is not in memory and knows no RWF_NOWAIT is read by the pool") {
  FileRig rig(long_text(), TROIKA_BINARY_DIR);
  {
    const inject::Guard inject;
    inject->preadv2_nowait = EOPNOTSUPP;
    CHECK(rig.read_all(*rig.file, 65536) == long_text());
    CHECK(rig.on_pool);
  }
  CHECK(text_of(rig.read(*rig.file, 0, 3).value()) == "0 1");
  CHECK(rig.on_pool);  // remembered
}

TEST_CASE("A short read is not the end, nor is an empty one before it") {
  FileRig rig;
  const inject::Guard inject;
  inject->preadv2_short = 1000;
  CHECK(rig.read_all(*rig.file, 65536) == long_text());
  inject->preadv2_empty = true;
  CHECK(rig.read_all(*rig.file, 65536) == long_text());
}

TEST_CASE("An error of the disk is an error of the read") {
  FileRig rig("text");
  const inject::Guard inject;
  inject->preadv2_nowait = EIO;
  CHECK(rig.read(*rig.file, 0, 10).error().code == ErrorCode::io);
  inject->preadv2_nowait = EAGAIN;
  inject->pread = EIO;
  CHECK(rig.read(*rig.file, 0, 10).error().code == ErrorCode::io);
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

TEST_CASE("What is missing, too long or a loop is not found") {
  Rig rig;
  rig.folder.write("file", "");
  fs::create_symlink("loop", rig.folder / "loop");
  using namespace std::string_literals;
  std::string deep = "a";
  while (deep.size() < 5000) deep += "/a";
  for (const std::string& path :
       {"missing"s, "file/below"s, "loop"s, ""s, std::string(300, 'a'), deep}) {
    CAPTURE(path);
    CHECK(rig.open_error(path) == ErrorCode::not_found);
  }
}

TEST_CASE("A folder that may be entered but not listed is served, what may not be read is denied") {
  Rig rig;
  rig.folder.write("file", "root");
  rig.folder.write("locked", "x");
  fs::permissions(rig.folder / "locked", fs::perms::none);
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
    for (const char* const path : {"locked", "closed", "closed/file"}) {
      CAPTURE(path);
      CHECK(rig.open_error(path) == ErrorCode::denied);
    }
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
  FileRig rig;
  inject::Guard inject;
  inject->preadv2_nowait = EAGAIN;
  inject->hold_pread = true;
  bool called = false;
  auto token = std::make_shared<int>(0);
  auto operation = rig.reader.read(*rig.file, 0, 65536, [&called, token](auto) { called = true; });
  REQUIRE(operation);
  while (inject.held() == 0) std::this_thread::yield();
  operation.reset();
  CHECK(token.use_count() == 1);  // what the callback held is free at once
  rig.file.reset();               // the job keeps the descriptor
  CHECK(rig.pool.outstanding() != 0);
  inject.release();
  CHECK(run_until(rig.loop, [&] { return rig.pool.outstanding() == 0; }));
  CHECK_FALSE(called);
}

TEST_CASE("An operation may be destroyed inside its own callback") {
  FileRig rig("text");
  const inject::Guard inject;
  inject->preadv2_nowait = EAGAIN;
  std::unique_ptr<Operation> operation;
  std::string text;
  operation = rig.reader.read(*rig.file, 0, 100, [&](Result<Slice> slice) {
    operation.reset();
    text = text_of(slice.value());
  });
  CHECK(run_until(rig.loop, [&] { return !text.empty(); }));
  CHECK(text == "text");
}

TEST_CASE("A file that shrinks or is deleted while it is read is served as far as it goes") {
  FileRig rig;
  CHECK(rig.read(*rig.file, 0, 1000)->size() == 1000);
  fs::resize_file(rig.folder / "a.txt", 1500);
  fs::remove(rig.folder / "a.txt");
  CHECK(rig.read_all(*rig.file, 1000) == long_text().substr(0, 1500));
  CHECK(rig.open_error("a.txt") == ErrorCode::not_found);
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
