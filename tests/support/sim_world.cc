#include "sim_world.h"

#include <algorithm>

namespace troika::sim {

void SimWorld::leave(SimNetwork::Port& port) {
  port.receiver = nullptr;
  std::erase_if(parties_, [&port](const Party& party) { return party.port == &port; });
}
void SimWorld::unblock(SimNetwork::Port& port) {
  port.blocked = false;
  for (const Party& party : parties_) {
    if (party.port == &port) party.on_writable();
  }
}
bool SimWorld::run_until(const std::function<bool()>& done, Duration limit) {
  const TimePoint end = clock.now() + limit;
  for (int idle_turns = 0; idle_turns < kMostTurnsAtOnce; ++idle_turns) {
    flush();
    if (done()) return true;
    const TimePoint next = next_event();
    if (next > end) {
      clock.advance_to(end);
      return done();
    }
    if (next > clock.now()) {
      clock.advance_to(next);
      idle_turns = 0;
    }
    net.deliver();
    for (const Party& party : parties_) {
      if (party.deadline() <= clock.now()) party.on_deadline(clock.now());
    }
  }
  return false;
}
void SimWorld::run_for(Duration time) {
  run_until([] { return false; }, time);
}
void SimWorld::flush() {
  for (const Party& party : parties_) {
    for (int i = 0; i < kMostTurnsAtOnce && party.flush(clock.now()); ++i) {
    }
  }
}
TimePoint SimWorld::next_event() const {
  TimePoint next = net.next();
  for (const Party& party : parties_) next = std::min(next, party.deadline());
  return next;
}

}  // namespace troika::sim
