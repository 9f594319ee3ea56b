#pragma once
#include <memory>

#include "base/result.h"
#include "os/system_call.h"

struct uv_async_s;
struct uv_idle_s;
struct uv_poll_s;
struct uv_check_s;

namespace troika {

class Loop;

// Closes a libuv handle. libuv may touch its memory until the close callback has run, at the end of
// the loop's turn, so it is freed there; its owner may die at once and gets no further call.
struct CloseHandle {
  void operator()(uv_async_s* handle) const noexcept;
  void operator()(uv_idle_s* handle) const noexcept;
  void operator()(uv_poll_s* handle) const noexcept;
  void operator()(uv_check_s* handle) const noexcept;
};

template <class T>
using Handle = std::unique_ptr<T, CloseHandle>;

// A poll handle for a descriptor that outlives it; `data` is the owner's to set. It fails when the
// kernel watches no more descriptors for this user (ENOSPC) or has no memory for it (ENOMEM).
Result<Handle<uv_poll_s>> make_poll(Loop& loop, int fd);
// The same for what a loop or a server cannot do without, made at start: throws what required()
// throws. `owner` is what its callback finds in `data`.
Handle<uv_poll_s> make_own_poll(Loop& loop, int fd, void* owner);

// For libuv calls that fail only for want of memory or by a mistake of ours.
void must(int status) noexcept;

}  // namespace troika
