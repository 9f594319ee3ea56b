#pragma once
#include <sys/stat.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "os/fd.h"
#include "ports/file_reader.h"

namespace troika {

// Links that one walk follows at most (the kernel's own limit), and the depth of its folders, for
// each of which it holds a descriptor.
inline constexpr unsigned kMostLinks = 40;
inline constexpr unsigned kMostFolders = 100;

// Replaces openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS where that call is refused:
// one openat per segment, none of which follows a link; links are read and resolved here. Each step
// starts at a descriptor that was reached from `root` by names alone, so a concurrent rename never
// leads outside. Blocks. `flags` are those of open(2). Returns the descriptor, owned by the caller,
// or -errno as openat2 would; -EAGAIN: the last name became a link meanwhile.
int walk_beneath(int root, const char* path, int flags) noexcept;

// The next two functions block and only use their descriptors: a pool thread may call them while
// the owner keeps the descriptors open.

// OpenFile::list. Each call reads the folder from its beginning; calls may overlap.
Status list_folder(int folder, const OpenFile::Visitor& visit);

// OpenFile::look_at. `path` is where the folder is beneath the root.
Result<struct stat> look_into_folder(int folder, std::string_view name, int root,
                                     const std::string& path);

// Number of tries when opening fails with EAGAIN: a folder on the path was renamed meanwhile.
inline constexpr int kOpenTries = 3;

// Opens a path beneath a folder and never outside it: with openat2, or where that is refused with
// walk_beneath(). Read only, without following magic links or waiting for a peer (FIFO). A folder
// that may be entered but not listed gets an O_PATH descriptor. `cached`: -EAGAIN instead of
// waiting for a disk. Returns the descriptor, owned by the caller, or -errno.
int open_beneath(int folder, const char* path, bool cached) noexcept;
// The same, but the descriptor is always O_PATH.
int find_beneath(int folder, const char* path) noexcept;
// 0, or the errno with which a kernel or sandbox that does not know openat2 refuses it.
int openat2_refusal(int folder) noexcept;

// Maps an errno to an error that FileReader::open promises.
Error open_error(int error) noexcept;

class UvOpenFile final : public OpenFile {
 public:
  // Where a folder is: links in it may lead anywhere beneath the root.
  struct Place {
    SharedFd root;
    std::string path;
  };

  // `place`: for a folder, else null.
  UvOpenFile(Fd fd, const struct stat& info, std::unique_ptr<const Place> place)
      : fd_(std::move(fd)), info_(info), place_(std::move(place)) {}

  const struct stat& info() const noexcept override { return info_; }
  Result<struct stat> now() const noexcept override;
  Result<std::size_t> read_at(std::uint64_t offset,
                              std::span<std::byte> into) const noexcept override;
  Status list(const Visitor& visit) const override;
  Result<struct stat> look_at(std::string_view name) const override;

  const SharedFd& fd() const noexcept { return fd_; }

 private:
  SharedFd fd_;
  struct stat info_;
  std::unique_ptr<const Place> place_;
};

}  // namespace troika
