#pragma once
// Endpoints and connections that run against each other in virtual time, QUIC alone or with
// HTTP/3 on it: anything with receive(), flush(), deadline(), on_deadline() and on_writable().
#include <cstdint>
#include <functional>
#include <memory>
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
  void leave(SimNetwork::Port& port);

  // The sink of `port` takes datagrams again, and says so.
  void unblock(SimNetwork::Port& port);

  // True once `done()` holds; false when it does not within `limit` of virtual time, or when the
  // parties keep busy without time going on.
  bool run_until(const std::function<bool()>& done, Duration limit);
  void run_for(Duration time);

 private:
  struct Party {
    SimNetwork::Port* port;
    std::function<bool(TimePoint)> flush;
    std::function<TimePoint()> deadline;
    std::function<void(TimePoint)> on_deadline;
    std::function<void()> on_writable;
  };
  static constexpr int kMostTurnsAtOnce = 10000;

  void flush();
  TimePoint next_event() const;

  std::vector<Party> parties_;
};

}  // namespace troika::sim
