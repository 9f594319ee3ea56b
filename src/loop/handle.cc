#include "loop/handle.h"

#include <uv.h>

#include <cstdio>
#include <cstdlib>

#include "loop/loop.h"

namespace troika {
namespace {

template <class T>
void close_handle(T* handle) noexcept {
  uv_close(reinterpret_cast<uv_handle_t*>(handle),
           [](uv_handle_t* closed) { delete reinterpret_cast<T*>(closed); });
}

}  // namespace

void CloseHandle::operator()(uv_async_s* handle) const noexcept { close_handle(handle); }
void CloseHandle::operator()(uv_idle_s* handle) const noexcept { close_handle(handle); }
void CloseHandle::operator()(uv_poll_s* handle) const noexcept { close_handle(handle); }
void CloseHandle::operator()(uv_check_s* handle) const noexcept { close_handle(handle); }

// uv_poll_init() registers the descriptor with epoll and takes it out again, to see whether it can
// be done. The registration that counts comes in the loop's next turn and has no way to fail.
Result<Handle<uv_poll_s>> make_poll(Loop& loop, int fd) {
  auto poll = std::make_unique<uv_poll_t>();
  if (uv_poll_init(loop.raw(), poll.get(), fd) != 0) {
    return fail(ErrorCode::unavailable, "the kernel watches no more sockets");
  }
  return Handle<uv_poll_s>(poll.release());
}

Handle<uv_poll_s> make_own_poll(Loop& loop, int fd, void* owner) {
  auto poll = std::make_unique<uv_poll_t>();
  required(uv_poll_init(loop.raw(), poll.get(), fd));
  poll->data = owner;
  return Handle<uv_poll_s>(poll.release());
}

void must(int status) noexcept {
  if (status >= 0) return;
  std::fprintf(stderr, "troika: the event loop failed: %s\n", uv_strerror(status));
  std::abort();
}

}  // namespace troika
