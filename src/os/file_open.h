#pragma once
#include <sys/stat.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "os/fd.h"
#include "ports/file_reader.h"

namespace troika {

// Links that one walk follows (the kernel's own limit), and folders that it goes down, of each of
// which it holds a descriptor.
inline constexpr unsigned kMostLinks = 40;
inline constexpr unsigned kMostFolders = 100;

// What openat2(2) opens with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS, for where that call is
// refused: one openat for each segment, none of which follows a link; links are read and resolved
// here. Each step begins at a descriptor that was reached from `root` by names alone, so what is
// swapped meanwhile never leads outside. Blocks. `flags` are those of open(2). Returns the
// descriptor, or -errno as openat2 has it; -EAGAIN: the last name became a link meanwhile.
int walk_beneath(int root, const char* path, int flags) noexcept;

// Both block, and use the descriptors as they are: a thread of the pool may call them while the
// owner of the descriptors keeps them open.

// OpenFile::list. Each call reads the folder from its beginning, however many there are at a time.
Status list_folder(int folder, const OpenFile::Visitor& visit);

// OpenFile::look_at. `path` is where the folder is beneath the root.
Result<struct stat> look_into_folder(int folder, std::string_view name, int root,
                                     const std::string& path);

// EAGAIN: a folder on the way was renamed meanwhile. So often it is tried before it is an error.
inline constexpr int kOpenTries = 3;

// Opens a path beneath a folder, and never what is outside it: by openat2, or where that is refused
// by a walk of our own (own_walk.h). Read only, without following magic links or waiting for a peer
// (FIFO); a folder that may be entered but not listed only names what is there (O_PATH). `cached`:
// -EAGAIN instead of waiting for a disk. Returns the descriptor, or -errno.
int open_beneath(int folder, const char* path, bool cached) noexcept;
// The same, but the descriptor of anything only names what is there.
int find_beneath(int folder, const char* path) noexcept;
// 0, or with which errno openat2 is refused: by a kernel or sandbox that does not know it.
int openat2_refusal(int folder) noexcept;

// What FileReader::open promises to say of an errno.
Error open_error(int error) noexcept;

class UvOpenFile final : public OpenFile {
 public:
  // Where a folder is: links in it may lead to all that is beneath the root.
  struct Place {
    SharedFd root;
    std::string path;
  };

  // `place` of a folder; null of anything else.
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
