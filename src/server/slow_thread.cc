#include "server/slow_thread.h"

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>

namespace troika {
namespace {

constexpr Duration kLastChance = std::chrono::milliseconds(200);  // for a running task

}  // namespace

struct SlowThread::State {
  explicit State(Loop& l) : loop(l) {}

  void run(const std::shared_ptr<State>& self);

  Loop& loop;  // valid until `stopping`
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Task> tasks;  // this and the rest under the lock
  bool stopping = false, stopped = false;
};

void SlowThread::State::run(const std::shared_ptr<State>& self) {
  // Only threads with a loop handle signals.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return stopping || !tasks.empty(); });
    if (stopping) break;
    Task task = std::move(tasks.front());
    tasks.pop_front();
    lock.unlock();
    Then then = task();
    lock.lock();
    if (stopping) break;
    if (!then) continue;
    loop.post([self, then = std::move(then)]() mutable {
      if (!self->stopping) then();  // only this loop's thread sets `stopping`
    });
  }
  stopped = true;
  changed.notify_all();
}

SlowThread::SlowThread(Loop& loop)
    : state_(std::make_shared<State>(loop)), thread_([state = state_] { state->run(state); }) {}

SlowThread::~SlowThread() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
  const bool stopped =
      state_->changed.wait_for(lock, kLastChance, [this] { return state_->stopped; });
  lock.unlock();
  stopped ? thread_.join() : thread_.detach();
}

void SlowThread::post(Task task) {
  const std::lock_guard lock(state_->mutex);
  state_->tasks.push_back(std::move(task));
  state_->changed.notify_all();
}

}  // namespace troika
