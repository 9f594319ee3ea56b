#include "uv/writer_thread.h"

#include <poll.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <format>
#include <mutex>
#include <string>

namespace troika {

struct WriterThread::State {
  State(Fd fd, Options o) : options(o) { use(std::move(fd)); }

  void use(Fd fd) {
    out = std::move(fd);
    struct stat info{};
    regular = fstat(out.get(), &info) == 0 && S_ISREG(info.st_mode);
  }

  void run();
  bool write_all(std::string_view bytes);
  bool wait_for_room();
  std::string next_batch();
  void reopen_if_asked();

  Fd out;  // the thread's
  const Options options;
  bool regular = false;

  std::mutex mutex;
  std::condition_variable changed;
  std::string queue;               // whole lines
  std::uint64_t unannounced = 0;   // lines dropped since the last notice
  std::function<Fd()> open_again;  // empty: nobody has asked for it
  bool stopping = false, stopped = false;
  std::atomic<bool> give_up = false;
  std::atomic<std::uint64_t> dropped = 0;
};

WriterThread::WriterThread(Fd out) : WriterThread(std::move(out), Options{}) {}

WriterThread::WriterThread(Fd out, Options options)
    : state_(std::make_shared<State>(std::move(out), options)),
      thread_([state = state_] { state->run(); }) {}

WriterThread::~WriterThread() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
  const bool stopped = state_->changed.wait_for(lock, state_->options.last_chance,
                                                [this] { return state_->stopped; });
  lock.unlock();
  state_->give_up = true;
  // A terminal that is held up (Ctrl-S) can keep write() for ever, and poll() does not foresee it.
  // The thread has its own share of the state and ends when, or if, the call returns.
  stopped ? thread_.join() : thread_.detach();
}

void WriterThread::line(std::string_view text) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->queue.size() + text.size() + 1 > state_->options.queue_bytes) {
      ++state_->unannounced;
      ++state_->dropped;
      return;
    }
    state_->queue.append(text).push_back('\n');
  }
  state_->changed.notify_one();
}

void WriterThread::reopen(std::function<Fd()> open) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->open_again = std::move(open);
  }
  state_->changed.notify_one();
}

std::uint64_t WriterThread::dropped() const noexcept { return state_->dropped; }

void WriterThread::State::run() {
  // Signals are for the threads that have a loop; and a closed pipe is EPIPE here, not the end.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  for (std::string batch = next_batch(); !batch.empty(); batch = next_batch()) {
    reopen_if_asked();
    if (!write_all(batch)) break;
  }
  const std::lock_guard lock(mutex);
  stopped = true;
  changed.notify_all();
}

void WriterThread::State::reopen_if_asked() {
  std::unique_lock lock(mutex);
  const std::function<Fd()> open = std::exchange(open_again, {});
  lock.unlock();
  if (!open) return;
  if (Fd fd = open()) use(std::move(fd));
}

// What is queued, then a notice of what was dropped after it; empty at the end.
std::string WriterThread::State::next_batch() {
  std::unique_lock lock(mutex);
  while (!stopping && queue.empty()) {
    if (open_again) {
      lock.unlock();
      reopen_if_asked();
      lock.lock();
    } else {
      changed.wait(lock);
    }
  }
  std::string batch = std::exchange(queue, {});
  if (unannounced != 0) {
    batch += std::format("({} lines were dropped here: this log is read too slowly)\n",
                         std::exchange(unannounced, 0));
  }
  return batch;
}

// The descriptor may be a terminal that is shared with other programs, so O_NONBLOCK is not ours to
// set. poll() promises that a pipe takes PIPE_BUF bytes (pipe(7)).
bool WriterThread::State::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!regular && !wait_for_room()) return false;
    const std::size_t size = regular ? bytes.size() : std::min<std::size_t>(bytes.size(), PIPE_BUF);
    const ssize_t n = ::write(out.get(), bytes.data(), size);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno != EINTR && errno != EAGAIN) {
      return errno == ENOSPC || errno == EDQUOT;  // a disk may get room again, a closed pipe not
    }
  }
  return true;
}

bool WriterThread::State::wait_for_room() {
  constexpr int kSliceMs = 20;
  pollfd room{.fd = out.get(), .events = POLLOUT, .revents = 0};
  while (!give_up) {
    const int n = ::poll(&room, 1, kSliceMs);
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return false;
  }
  return false;
}

}  // namespace troika
