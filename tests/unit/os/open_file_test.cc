#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <limits>
#include <thread>
#include <vector>

#include "unit/loop/file_rig.h"
#include "unit/loop/inject.h"

namespace troika {
namespace {

namespace fs = std::filesystem;

// What read_at gives, or "error".
std::string read_at(const OpenFile& file, std::uint64_t offset, std::size_t size) {
  std::string text(size, '?');
  const auto count = file.read_at(offset, std::as_writable_bytes(std::span(text)));
  if (!count) return "error";
  REQUIRE(*count <= size);
  CHECK(text.find_first_not_of('?', *count) == std::string::npos);
  return text.substr(0, *count);
}

TEST_CASE("read_at fills what it is given, as far as the file goes") {
  const std::string text = long_text();
  FileRig rig(text);
  CHECK(read_at(*rig.file, 0, text.size()) == text);
  CHECK(read_at(*rig.file, 0, text.size() + 1) == text);
  CHECK(read_at(*rig.file, 7, 5) == text.substr(7, 5));
  CHECK(read_at(*rig.file, text.size() - 1, 5) == text.substr(text.size() - 1));
  for (const std::uint64_t past :
       {std::uint64_t{text.size()}, std::uint64_t{text.size()} + 1,
        static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()) - 1,
        static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()),
        static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()) + 1,
        std::numeric_limits<std::uint64_t>::max()}) {
    CAPTURE(past);
    CHECK(read_at(*rig.file, past, 10).empty());
  }
  CHECK(read_at(*rig.file, 0, 0).empty());
}

TEST_CASE("read_at goes on after short and interrupted reads") {
  FileRig rig;
  const inject::Guard inject;
  inject->pread_short = 1000;
  inject->pread_interrupts = 3;
  CHECK(read_at(*rig.file, 0, 150'000) == long_text().substr(0, 150'000));
  CHECK(inject->pread_interrupts == 0);
}

TEST_CASE("read_at says when the disk fails, and that a folder or FIFO cannot be read") {
  FileRig rig("text");
  REQUIRE(::mkfifo((rig.folder / "fifo").c_str(), 0600) == 0);
  std::array<std::byte, 4> into{};
  {
    const inject::Guard inject;
    inject->pread = EIO;
    CHECK(rig.file->read_at(0, into).error().code == ErrorCode::io);
  }
  CHECK(read_at(*rig.file, 0, 4) == "text");
  for (const char* path : {".", "fifo"}) {
    const auto other = rig.open(path);
    CHECK((*other)->read_at(0, into).error().code == ErrorCode::io);
  }
}

TEST_CASE("read_at of a file that shrank, grew or was deleted gives what is there") {
  FileRig rig;
  fs::resize_file(rig.folder / "a.txt", 1500);
  CHECK(read_at(*rig.file, 1000, 1000) == long_text().substr(1000, 500));
  CHECK(read_at(*rig.file, 1500, 1000).empty());
  rig.folder.write("a.txt", "again");
  CHECK(read_at(*rig.file, 0, 1000) == "again");
  fs::remove(rig.folder / "a.txt");
  CHECK(read_at(*rig.file, 0, 1000) == "again");
}

TEST_CASE("Several threads read one file at once while the worker reads it, too") {
  const std::string text = long_text();
  FileRig rig(text);
  std::array<std::string, 3> read;
  {
    std::vector<std::jthread> threads;
    for (std::string& into : read) {
      threads.emplace_back([&into, &rig] {
        for (std::size_t count = 1; count != 0;) {
          std::array<std::byte, 777> part{};
          count = rig.file->read_at(into.size(), part).value_or(0);
          into.append(reinterpret_cast<const char*>(part.data()), count);
        }
      });
    }
    CHECK(rig.read_all(*rig.file, 1000) == text);
    CHECK(rig.file->now()->st_size == static_cast<off_t>(text.size()));
  }
  for (const std::string& into : read) CHECK(into == text);
}

TEST_CASE("now() is the file of this moment, info() that of its opening") {
  FileRig rig("text");
  CHECK(rig.file->now()->st_size == 4);
  rig.folder.write("a.txt", "longer text");
  const std::array<timespec, 2> times{
      {{.tv_sec = 1000, .tv_nsec = 0}, {.tv_sec = 2000, .tv_nsec = 7}}};
  REQUIRE(::utimensat(AT_FDCWD, (rig.folder / "a.txt").c_str(), times.data(), 0) == 0);
  const auto changed = rig.file->now();
  REQUIRE(changed);
  CHECK(changed->st_size == 11);
  CHECK(changed->st_mtim.tv_sec == 2000);
  CHECK(changed->st_mtim.tv_nsec == 7);
  CHECK(rig.file->info().st_size == 4);
  CHECK(rig.file->info().st_mtim.tv_sec != 2000);

  rig.folder.write("b.txt", "another");
  fs::rename(rig.folder / "b.txt", rig.folder / "a.txt");
  CHECK(rig.file->now()->st_ino == rig.file->info().st_ino);
  CHECK(rig.file->now()->st_size == 11);
  CHECK(rig.file->now()->st_nlink == 0);
}

TEST_CASE("Only folders can be listed and looked into") {
  FileRig rig("text");
  CHECK(rig.file->list([](auto, auto) { return true; }).error().code == ErrorCode::io);
  CHECK(rig.file->look_at("a.txt").error().code == ErrorCode::io);
}

}  // namespace
}  // namespace troika
