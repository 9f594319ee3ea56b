#include "os/writer_thread.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <format>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace troika {

namespace {

std::uint64_t count_lines(std::string_view text) noexcept {
  return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

std::string reason(int error) { return error == EPIPE ? "nobody reads it" : std::strerror(error); }

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

  // The thread's.
  LogOutput out;
  std::uint64_t missing = 0;  // lines, since the log last told
  std::string why_missing;
  std::uint64_t failed = 0;  // lines that could not be written, so far
  std::optional<std::chrono::steady_clock::time_point> complained;

  std::mutex mutex;
  std::condition_variable changed;
  std::string queue;              // whole lines
  std::uint64_t unannounced = 0;  // lines dropped since the last batch
  Open open_again;                // empty: nobody has asked for it
  WriterThread* notices = nullptr;
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
  state_->notices = nullptr;
  lock.unlock();
  state_->give_up = true;
  // A terminal that is held up (Ctrl-S) can keep write() for ever, and poll() does not foresee it.
  // The thread has its own share of the state and ends when, or if, the call returns.
  stopped ? thread_.join() : thread_.detach();
}

void WriterThread::set_notices(WriterThread& notices, std::string name) {
  const std::lock_guard lock(state_->mutex);
  state_->notices = &notices;
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

std::uint64_t WriterThread::dropped() const noexcept { return state_->dropped; }

void WriterThread::State::run() {
  // Signals are for the threads that have a loop; and a closed pipe is EPIPE here, not the end.
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
  if (open) open(out);
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
  const std::string notice =
      std::format("({} lines were dropped here: {})\n", missing, why_missing);
  if (out.write(notice, give_up).error == 0) missing = 0;
}

void WriterThread::State::complain(int error) {
  const auto now = std::chrono::steady_clock::now();
  if (complained && now - *complained < options.say_again) return;
  const std::lock_guard lock(mutex);
  if (notices == nullptr) return;
  complained = now;
  notices->line(std::format("troika: cannot write {}: {}; {} lines are lost so far", name,
                            reason(error), failed));
}

}  // namespace troika
