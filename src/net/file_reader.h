#pragma once
#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/buffer.h"
#include "base/result.h"

namespace troika {

// An open file. Freed (closed) on the worker; an operation that runs on the thread pool holds it
// open on its own, so a body may die at any time without a descriptor being used twice.
class OpenFile {
 public:
  virtual ~OpenFile() = default;
  virtual const struct stat& info() const noexcept = 0;  // of the moment of opening (fstat)
};

// The two calls a static handler makes. Both complete on the worker: at once, inside the call, when
// the kernel has it in its caches, later otherwise. Destroying the returned Operation (null when it
// completed inside the call) cancels: `done` is not called any more.
class FileReader {
 public:
  class Operation {
   public:
    virtual ~Operation() = default;
  };
  using Opened = std::move_only_function<void(Result<std::unique_ptr<OpenFile>>)>;
  using Read = std::move_only_function<void(Result<Slice>)>;

  virtual ~FileReader() = default;
  // Opens `path` (relative, "." for the root itself) beneath the root folder and never outside it
  // (openat2, RESOLVE_BENEATH). Folders and other kinds open too: look at info().
  // Errors: not_found, denied, unavailable (descriptors used up, or a race that did not end), io.
  [[nodiscard]] virtual std::unique_ptr<Operation> open(std::string path, Opened done) = 0;
  // Reads up to max_bytes (at most 64 KiB) at the offset. An empty slice is the end of the file.
  [[nodiscard]] virtual std::unique_ptr<Operation> read(OpenFile& file, std::uint64_t offset,
                                                        std::size_t max_bytes, Read done) = 0;
};

}  // namespace troika
