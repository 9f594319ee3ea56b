#include "server/reload.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "runtime/worker_group.h"

namespace troika {

void Reloader::reload(Told told) {
  switch (state_) {
    case State::ended: return told({false, "the server is stopping: nothing was reloaded"});
    case State::making: return waiting_.push_back(std::move(told));
    case State::idle: served_.push_back(std::move(told)); return begin();
  }
}

void Reloader::begin() {
  state_ = State::making;
  parts_.thread.post(
      [this, make = parts_.make, now = parts_.addresses, gone = leaving()]() -> SlowThread::Then {
        return [this, next = make(now, gone)]() mutable { finish(std::move(next)); };
      });
}

void Reloader::finish(Checked<NextGeneration> next) {
  if (state_ == State::ended) return;
  last_ = next ? use(std::move(*next)) : Outcome{false, "not reloaded: " + next.error()};
  last_at_ = parts_.loop.clock().wall();
  parts_.say(last_.text);
  parts_.tell(last_, generation_);
  state_ = State::idle;
  for (Told& told : std::exchange(served_, {})) told(last_);
  if (waiting_.empty()) return;
  served_ = std::exchange(waiting_, {});
  begin();
}

Reloader::Outcome Reloader::use(NextGeneration next) {
  for (const std::string& warning : next.warnings) parts_.say("note: " + warning);
  const TimePoint free = parts_.loop.clock().now() + parts_.drain;
  if (!next.listeners.workers.empty()) {
    for (const Address& gone : next.listeners.workers.front().removed) {
      leaving_.push_back({gone, free});
    }
  }
  parts_.workers.use_certificates(*next.certificates.set);
  parts_.workers.use(next.snapshot);
  parts_.workers.use(std::move(next.listeners.workers));
  parts_.addresses = next.listeners.addresses;
  parts_.use(next);
  ++generation_;
  const auto sites = next.config.sites.size();
  return {true, formatted("reloaded: generation {} with {} {}", generation_, sites,
                          sites == 1 ? "site" : "sites")};
}

std::vector<Address> Reloader::leaving() {
  const TimePoint now = parts_.loop.clock().now();
  std::erase_if(leaving_, [&](const Leaving& each) { return each.until <= now; });
  std::vector<Address> addresses;
  for (const Leaving& each : leaving_) addresses.push_back(each.address);
  return addresses;
}

void Reloader::end() {
  state_ = State::ended;
  const Outcome stopped{false, "the server is stopping: nothing was reloaded"};
  for (auto* const list : {&served_, &waiting_}) {
    for (Told& told : std::exchange(*list, {})) told(stopped);
  }
}

}  // namespace troika
