#include "loop/loop.h"

#include <sys/timerfd.h>
#include <uv.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

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

// uv_poll_init() registers the descriptor with epoll and removes it again, to see whether that
// works. The actual registration follows in the loop's next turn and cannot report failure.
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

namespace {

Loop& owner(const void* handle) noexcept {
  return *static_cast<Loop*>(static_cast<const uv_handle_t*>(handle)->data);
}

template <class T>
std::unique_ptr<T> handle_of(Loop* loop) {
  auto handle = std::make_unique<T>();
  handle->data = loop;
  return handle;
}

uv_loop_t* new_loop() {
  auto loop = std::make_unique<uv_loop_t>();
  required(uv_loop_init(loop.get()));
  return loop.release();
}

}  // namespace

void Loop::FreeLoop::operator()(uv_loop_s* loop) const noexcept {
  uv_run(loop, UV_RUN_DEFAULT);  // close callbacks, and detached pool jobs
  must(uv_loop_close(loop));
  delete loop;
}

Loop::Loop()
    : scratch_(std::make_unique_for_overwrite<std::byte[]>(kScratch)),
      loop_(new_loop()),
      timer_fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  required(timer_fd_ ? 0 : uv_translate_sys_error(errno));
  timer_poll_ = make_own_poll(*this, timer_fd_.get(), this);
  must(uv_poll_start(timer_poll_.get(), UV_READABLE,
                     [](uv_poll_t* handle, int, int) noexcept { owner(handle).on_timer_fd(); }));

  auto check = handle_of<uv_check_t>(this);
  required(uv_check_init(loop_.get(), check.get()));
  check_.reset(check.release());
  must(uv_check_start(check_.get(),
                      [](uv_check_t* handle) noexcept { owner(handle).after_poll(); }));

  auto idle = handle_of<uv_idle_t>(this);
  required(uv_idle_init(loop_.get(), idle.get()));
  idle_.reset(idle.release());

  auto wakeup = handle_of<uv_async_t>(this);
  required(uv_async_init(loop_.get(), wakeup.get(),
                         [](uv_async_t* handle) noexcept { owner(handle).mailbox_.run(); }));
  wakeup_.reset(wakeup.release());
}

Loop::~Loop() {
  deferred_.run();
  timer_poll_.reset();
  check_.reset();
  idle_.reset();
  wakeup_.reset();
  [[maybe_unused]] std::size_t open = 0;
  uv_walk(
      loop_.get(),
      [](uv_handle_t* handle, void* count) {
        if (uv_is_closing(handle) == 0) ++*static_cast<std::size_t*>(count);
      },
      &open);
  assert(open == 0);
}

// Flushes what was done outside a turn before the first wait.
void Loop::run() {
  turn_clock_.forget();
  settle();
  uv_run(loop_.get(), UV_RUN_DEFAULT);
}

bool Loop::run_until(std::move_only_function<bool()> done, Duration limit) {
  bool late = false;
  Timer timer(timers_, [&] { late = true; });
  timer.set(clock_.now() + limit);
  turn_clock_.forget();
  settle();
  // done() is asked after every flush: otherwise the last turn would be followed by a long wait.
  while (!done()) {
    if (late) return false;
    uv_run(loop_.get(), UV_RUN_ONCE);
  }
  return true;
}

void Loop::stop() noexcept { uv_stop(loop_.get()); }

void Loop::post(Mailbox::Task task) {
  mailbox_.put(std::move(task));
  uv_async_send(wakeup_.get());
}

// Timers wait for this phase instead of firing in the timerfd's callback: data that arrived in the
// same turn is handled first, so a busy loop does not time out a peer whose data is already there.
void Loop::after_poll() {
  const TimePoint now = turn_clock_.refresh();
  if (timers_.next() <= now) timers_.advance_to(now);
  settle();
}

void Loop::settle() {
  const bool more = flush_ && flush_(turn_clock_.now());
  deferred_.run();
  spin(more);
  arm();
  turn_clock_.forget();
}

// An active idle handle keeps libuv from waiting in poll.
void Loop::spin(bool on) noexcept {
  must(on ? uv_idle_start(idle_.get(), [](uv_idle_t*) {}) : uv_idle_stop(idle_.get()));
}

void Loop::on_timer_fd() noexcept {
  std::uint64_t expirations = 0;
  if (::read(timer_fd_.get(), &expirations, sizeof expirations) > 0) armed_ = kNever;
}

// The timerfd is not moved to a later time: it wakes too early and is then armed again.
void Loop::arm() {
  const TimePoint next = timers_.next();
  if (next >= armed_) return;
  const auto ns = std::max<Duration::rep>(1, next.time_since_epoch().count());  // 0 would disarm
  itimerspec at{};
  at.it_value.tv_sec = ns / 1'000'000'000;
  at.it_value.tv_nsec = ns % 1'000'000'000;
  must(timerfd_settime(timer_fd_.get(), TFD_TIMER_ABSTIME, &at, nullptr));
  armed_ = next;
}

}  // namespace troika

namespace troika::uv {

std::string library_version() { return std::string("libuv ") + uv_version_string(); }

}  // namespace troika::uv
