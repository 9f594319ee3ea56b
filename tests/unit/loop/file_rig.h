#pragma once
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <tuple>

#include "loop/file_reader.h"
#include "unit/loop/loop_helper.h"
#include "unit/os/temp_folder.h"

namespace troika {

inline std::string text_of(const Slice& slice) {
  return {reinterpret_cast<const char*>(slice.data()), slice.size()};
}

// A folder and a reader of it.
struct Rig {
  explicit Rig(const std::string& parent = std::filesystem::temp_directory_path().string())
      : folder(parent), reader(loop, pool, folder.path()) {}

  Result<Ref<RootFolder>> find_root() {
    std::optional<Result<Ref<RootFolder>>> result;
    const auto operation = reader.find_root([&](auto found) { result = std::move(found); });
    on_pool = operation != nullptr;
    CHECK(on_pool != result.has_value());
    REQUIRE(run_until(loop, [&] { return result.has_value(); }));
    return std::move(*result);
  }
  // The root is looked for once.
  const Ref<RootFolder>& root() {
    if (!root_) root_ = find_root().value();
    return root_;
  }
  Result<std::unique_ptr<OpenFile>> open(std::string path) {
    std::optional<Result<std::unique_ptr<OpenFile>>> result;
    const auto operation =
        reader.open(root(), std::move(path), [&](auto opened) { result = std::move(opened); });
    CHECK((operation == nullptr) == result.has_value());
    REQUIRE(run_until(loop, [&] { return result.has_value(); }));
    return std::move(*result);
  }
  ErrorCode open_error(std::string path) {
    const auto opened = open(std::move(path));
    REQUIRE_FALSE(opened);
    return opened.error().code;
  }
  Result<Slice> read(OpenFile& file, std::uint64_t offset, std::size_t size) {
    std::optional<Result<Slice>> result;
    const auto operation =
        reader.read(file, offset, size, [&](auto slice) { result = std::move(slice); });
    on_pool = operation != nullptr;
    CHECK(on_pool != result.has_value());
    REQUIRE(run_until(loop, [&] { return result.has_value(); }));
    return std::move(*result);
  }
  std::string read_all(OpenFile& file, std::size_t step) {
    std::string text;
    for (;;) {
      const auto slice = read(file, text.size(), step);
      REQUIRE(slice);
      if (slice->empty()) return text;
      CHECK(slice->size() <= step);
      text += text_of(*slice);
    }
  }

  TempFolder folder;
  BufferPool pool;
  Loop loop;
  UvFileReader reader;
  bool on_pool = false;

 private:
  Ref<RootFolder> root_;
};

inline std::string long_text() {
  std::string text;
  for (int i = 0; text.size() < 200'000; ++i) text += std::to_string(i) + ' ';
  return text;
}

// One that is open, of a.txt.
struct FileRig : Rig {
  explicit FileRig(const std::string& text = long_text(),
                   const std::string& parent = std::filesystem::temp_directory_path().string())
      : Rig(parent) {
    folder.write("a.txt", text);
    file = open("a.txt").value();
  }
  std::unique_ptr<OpenFile> file;
};

inline std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

// Permissions do not bind root, so root looks with the eyes of somebody else.
class AsNobody {
 public:
  AsNobody() { was_root_ = ::geteuid() == 0 && ::seteuid(65534) == 0; }
  ~AsNobody() {
    if (was_root_) std::ignore = ::seteuid(0);
  }

 private:
  bool was_root_;
};

// A socket that has a name in a folder.
inline Fd socket_at(const std::string& path) {
  Fd server(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  REQUIRE(::bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return server;
}

}  // namespace troika
