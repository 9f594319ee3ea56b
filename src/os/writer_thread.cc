#include "os/writer_thread.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"

namespace troika {

LogOutput::LogOutput(Fd fd) { use(std::move(fd)); }

void LogOutput::use(Fd fd) noexcept {
  struct stat before{}, info{};
  const bool known = fd_ && ::fstat(fd_.get(), &before) == 0 && ::fstat(fd.get(), &info) == 0;
  const bool same = before.st_dev == info.st_dev && before.st_ino == info.st_ino;
  if (known && !same) torn_ = false;  // another file has no cut-off line
  fd_ = std::move(fd);
  regular_ = ::fstat(fd_.get(), &info) == 0 && S_ISREG(info.st_mode);
}

// O_NONBLOCK: opening a FIFO without a reader fails with ENXIO instead of blocking. O_RDWR would
// open it, but then this process is a reader itself and never learns that the other reader has
// gone.
int LogOutput::open() noexcept {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  Fd fd(::open(path_.c_str(), kFlags, mode_));
  if (fd) {
    use(std::move(fd));
    return 0;
  }
  const int error = errno;
  struct stat info{};
  const bool waits = error == ENXIO && ::stat(path_.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
  return waits ? 0 : error;
}

LogOutput::Written LogOutput::write(std::string_view lines,
                                    const std::atomic<bool>& stop) noexcept {
  if (!fd_) {
    if (const int error = open(); error != 0) return {0, error};
    if (!fd_) return {0, EPIPE};
  }
  if (torn_) {
    if (const Written end = write_some("\n", stop); end.bytes == 0) return {0, end.error};
    torn_ = false;
  }
  Written written = write_some(lines, stop);
  if (written.error == 0) return written;
  const std::size_t whole = lines.substr(0, written.bytes).rfind('\n') + 1;  // npos + 1 is 0
  torn_ = written.bytes > whole && !take_back(written.bytes - whole);
  written.bytes = whole;
  // Opening a FIFO again lets the next reader in.
  if (written.error == EPIPE && !path_.empty()) fd_ = Fd();
  return written;
}

// The descriptor may be a terminal that is shared with other programs, so O_NONBLOCK must not be
// set. After poll() a pipe accepts PIPE_BUF bytes (pipe(7)), and writes of that size are atomic:
// lines that fit are never torn.
LogOutput::Written LogOutput::write_some(std::string_view bytes,
                                         const std::atomic<bool>& stop) noexcept {
  Written written;
  while (written.bytes < bytes.size()) {
    std::string_view part = bytes.substr(written.bytes);
    if (!regular_) {
      if (written.error = wait_for_room(stop); written.error != 0 || stop) return written;
      part = part.substr(0, PIPE_BUF);
      if (const std::size_t end = part.rfind('\n'); end != part.npos)
        part = part.substr(0, end + 1);
    }
    const ssize_t n = ::write(fd_.get(), part.data(), part.size());
    if (n > 0) {
      written.bytes += static_cast<std::size_t>(n);
    } else if (n < 0 && errno != EINTR && errno != EAGAIN) {
      written.error = errno;
      return written;
    }
  }
  return written;
}

int LogOutput::wait_for_room(const std::atomic<bool>& stop) noexcept {
  constexpr int kSliceMs = 20;
  pollfd room{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
  while (!stop) {
    const int n = ::poll(&room, 1, kSliceMs);
    if (n > 0) return 0;
    if (n < 0 && errno != EINTR) return errno;
  }
  return 0;
}

// Only at the end of a file: another process may have appended to it.
bool LogOutput::take_back(std::size_t bytes) noexcept {
  struct stat info{};
  const off_t end = regular_ ? ::lseek(fd_.get(), 0, SEEK_CUR) : -1;
  if (end < 0 || ::fstat(fd_.get(), &info) != 0 || info.st_size != end) return false;
  const off_t begin = end - static_cast<off_t>(bytes);
  return ::ftruncate(fd_.get(), begin) == 0 && ::lseek(fd_.get(), begin, SEEK_SET) == begin;
}

namespace {

std::uint64_t count_lines(std::string_view text) noexcept {
  return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

std::string reason(int error) { return error == EPIPE ? "no reader" : std::strerror(error); }

}  // namespace

struct WriterThread::State {
  struct Batch {
    std::string lines;
    std::uint64_t dropped = 0;  // after them
  };

  State(LogOutput o, Options opts) : options(opts), out(std::move(o)) {}

  void run();
  bool next_batch(Batch& batch);
  void reopen_if_asked();
  void write(std::string_view lines);
  void tell_missing();
  void complain(int error);

  const Options options;

  // Used by the thread only.
  LogOutput out;
  std::uint64_t missing = 0;  // lines, since the log last reported them
  std::string why_missing;
  std::uint64_t failed = 0;  // lines that could not be written, so far
  std::optional<std::chrono::steady_clock::time_point> complained;

  std::mutex mutex;
  std::condition_variable changed;
  std::string queue;              // whole lines
  std::uint64_t unannounced = 0;  // lines dropped since the last batch
  Open open_again;                // empty: no request
  Say say;                        // empty: nobody listens
  std::string name;
  bool stopping = false, stopped = false;
  std::atomic<bool> give_up = false;
  std::atomic<std::uint64_t> dropped = 0;
};

WriterThread::WriterThread(LogOutput out) : WriterThread(std::move(out), Options{}) {}

WriterThread::WriterThread(LogOutput out, Options options)
    : state_(std::make_shared<State>(std::move(out), options)),
      thread_([state = state_] { state->run(); }) {}

WriterThread::~WriterThread() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
  const bool stopped = state_->changed.wait_for(lock, state_->options.last_chance,
                                                [this] { return state_->stopped; });
  state_->say = {};
  lock.unlock();
  state_->give_up = true;
  // A stopped terminal (Ctrl-S) can block write() for ever, and poll() does not predict it. The
  // thread shares ownership of the state and ends when, or if, the call returns.
  stopped ? thread_.join() : thread_.detach();
}

void WriterThread::set_notices(Say say, std::string name) {
  const std::lock_guard lock(state_->mutex);
  state_->say = std::move(say);
  state_->name = std::move(name);
}

void WriterThread::reopen(Open open) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->open_again = std::move(open);
  }
  state_->changed.notify_one();
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

void WriterThread::lines(std::string_view text) {
  if (text.empty()) return;
  {
    const std::lock_guard lock(state_->mutex);
    std::string_view fitting = text.substr(0, state_->options.queue_bytes - state_->queue.size());
    fitting = fitting.substr(0, fitting.rfind('\n') + 1);  // npos + 1 is 0
    state_->queue.append(fitting);
    const std::uint64_t lost = count_lines(text.substr(fitting.size()));
    state_->unannounced += lost;
    state_->dropped += lost;
    if (fitting.empty()) return;
  }
  state_->changed.notify_one();
}

std::uint64_t WriterThread::dropped() const noexcept { return state_->dropped; }

void WriterThread::State::run() {
  // Only threads with a loop handle signals; and a closed pipe is EPIPE here, not the end.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  for (Batch batch; !give_up && next_batch(batch);) {
    reopen_if_asked();
    tell_missing();
    write(batch.lines);
    if (batch.dropped != 0) why_missing = "this log is read too slowly";
    missing += batch.dropped;
    tell_missing();
  }
  tell_missing();
  const std::lock_guard lock(mutex);
  stopped = true;
  changed.notify_all();
}

void WriterThread::State::reopen_if_asked() {
  std::unique_lock lock(mutex);
  const Open open = std::exchange(open_again, {});
  lock.unlock();
  if (!open) return;
  const Checked<void> opened = open(out);
  lock.lock();
  if (!opened && say) say(opened.error() + "; logging continues to the old file");
}

// False at the end.
bool WriterThread::State::next_batch(Batch& batch) {
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
  batch = {std::exchange(queue, {}), std::exchange(unannounced, 0)};
  return !batch.lines.empty();
}

void WriterThread::State::write(std::string_view lines) {
  const auto [bytes, error] = out.write(lines, give_up);
  if (error == 0) return;
  const std::uint64_t lost = count_lines(lines.substr(bytes));
  missing += lost;
  failed += lost;
  dropped += lost;
  why_missing = reason(error);
  complain(error);
}

void WriterThread::State::tell_missing() {
  if (missing == 0) return;
  const std::string notice = formatted("({} lines were dropped here: {})\n", missing, why_missing);
  if (out.write(notice, give_up).error == 0) missing = 0;
}

void WriterThread::State::complain(int error) {
  const auto now = std::chrono::steady_clock::now();
  if (complained && now - *complained < options.say_again) return;
  const std::lock_guard lock(mutex);
  if (!say) return;
  complained = now;
  say(formatted("cannot write {}: {}; {} lines are lost so far", name, reason(error), failed));
}

}  // namespace troika
