#include "server/certificate_watch.h"

#include <condition_variable>
#include <csignal>
#include <mutex>

#include "runtime/worker_group.h"

namespace troika {
namespace {

constexpr Duration kLastChance = std::chrono::milliseconds(200);  // for a running look

}  // namespace

struct CertificateWatch::State {
  explicit State(Look l) : look(std::move(l)) {}

  void run(CertificateWatch& watch, const std::shared_ptr<State>& self);

  Look look;  // used by the thread only; the rest is under the lock
  std::mutex mutex;
  std::condition_variable changed;
  bool asked = false;
  bool stopping = false, stopped = false;  // `watch` is valid until `stopping`
};

void CertificateWatch::State::run(CertificateWatch& watch, const std::shared_ptr<State>& self) {
  // Only threads with a loop handle signals.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return stopping || asked; });
    if (stopping) break;
    asked = false;
    lock.unlock();
    CertificateKeeper::Seen seen = look();
    lock.lock();
    if (stopping) break;
    watch.loop_.post([&watch, self, seen = std::move(seen)] {
      if (!self->stopping) watch.take(seen);  // only this loop's thread sets `stopping`
    });
  }
  stopped = true;
  changed.notify_all();
}

CertificateWatch::CertificateWatch(Loop& loop, Duration every, Look look, WorkerGroup& workers,
                                   Say say)
    : loop_(loop),
      every_(every),
      workers_(workers),
      say_(std::move(say)),
      state_(std::make_shared<State>(std::move(look))),
      timer_(loop.timers(),
             [this] {
               const std::lock_guard lock(state_->mutex);
               state_->asked = true;
               state_->changed.notify_all();
             }),
      thread_([this, state = state_] { state->run(*this, state); }) {
  timer_.set(loop.clock().now() + every);
}

CertificateWatch::~CertificateWatch() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
  const bool stopped =
      state_->changed.wait_for(lock, kLastChance, [this] { return state_->stopped; });
  lock.unlock();
  stopped ? thread_.join() : thread_.detach();
}

void CertificateWatch::take(const CertificateKeeper::Seen& seen) {
  if (seen.changed != nullptr) workers_.use_certificates(*seen.changed);
  for (const std::string& line : seen.lines) say_(line);
  timer_.set(loop_.clock().now() + every_);
}

}  // namespace troika
