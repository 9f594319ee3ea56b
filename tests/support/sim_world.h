#pragma once
// Endpoints and connections that run against each other in virtual time, QUIC alone or with
// HTTP/3 on it: anything with receive(), flush(), deadline(), on_deadline() and on_writable().
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "support/sim_network.h"

namespace troika::sim {

class SimWorld {
 public:
  explicit SimWorld(std::uint64_t seed) : random(seed), net(clock, random.next()) {}
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  SimClock clock;
  SeededRandom random;
  SimNetwork net;

  // `party` sends through `port` and gets what arrives there, until leave().
  template <class Party>
  void join(SimNetwork::Port& port, Party& party) {
    leave(port);
    port.receiver = [this, &party](const Datagram& datagram) {
      party.receive(datagram, clock.now());
    };
    parties_.push_back({&port, [&party](TimePoint now) { return party.flush(now); },
                        [&party] { return party.deadline(); },
                        [&party](TimePoint now) { party.on_deadline(now); },
                        [&party] { party.on_writable(); }});
  }
  void leave(SimNetwork::Port& port) {
    port.receiver = nullptr;
    std::erase_if(parties_, [&port](const Party& party) { return party.port == &port; });
  }

  // The sink of `port` takes datagrams again, and says so.
  void unblock(SimNetwork::Port& port) {
    port.blocked = false;
    for (const Party& party : parties_) {
      if (party.port == &port) party.on_writable();
    }
  }

  // True once `done()` holds; false when it does not within `limit` of virtual time, or when the
  // parties keep busy without time going on.
  bool run_until(const std::function<bool()>& done, Duration limit) {
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
  void run_for(Duration time) {
    run_until([] { return false; }, time);
  }

 private:
  struct Party {
    SimNetwork::Port* port;
    std::function<bool(TimePoint)> flush;
    std::function<TimePoint()> deadline;
    std::function<void(TimePoint)> on_deadline;
    std::function<void()> on_writable;
  };
  static constexpr int kMostTurnsAtOnce = 10000;

  void flush() {
    for (const Party& party : parties_) {
      for (int i = 0; i < kMostTurnsAtOnce && party.flush(clock.now()); ++i) {
      }
    }
  }
  TimePoint next_event() const {
    TimePoint next = net.next();
    for (const Party& party : parties_) next = std::min(next, party.deadline());
    return next;
  }

  std::vector<Party> parties_;
};

}  // namespace troika::sim
