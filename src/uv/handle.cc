#include "uv/handle.h"

#include <uv.h>

#include <cstdio>
#include <cstdlib>

#include "uv/loop.h"

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
void CloseHandle::operator()(uv_signal_s* handle) const noexcept { close_handle(handle); }

Handle<uv_poll_s> make_poll(Loop& loop, int fd, void* owner) {
  auto poll = std::make_unique<uv_poll_t>();
  must(uv_poll_init(loop.raw(), poll.get(), fd));
  poll->data = owner;
  return Handle<uv_poll_s>(poll.release());
}

void must(int status) noexcept {
  if (status >= 0) return;
  std::fprintf(stderr, "troika: the event loop failed: %s\n", uv_strerror(status));
  std::abort();
}

}  // namespace troika
