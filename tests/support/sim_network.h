#pragma once
// A network in virtual time: whoever sends hands datagrams to a Port, deliver() brings them to the
// other one when they are due. Everything that happens follows from the seed.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "ports/datagram.h"
#include "support/sim_amplification.h"

namespace troika::sim {

class SimClock final : public Clock {
 public:
  TimePoint now() const noexcept override { return now_; }
  WallTime wall() const noexcept override {
    return WallTime(std::chrono::duration_cast<WallTime::duration>(now_.time_since_epoch()));
  }
  void advance_to(TimePoint time) noexcept {
    if (time > now_) now_ = time;
  }

 private:
  TimePoint now_{std::chrono::hours(1)};
};

// One direction between two ports. The probabilities are those of each datagram on its own.
struct Link {
  Duration delay = std::chrono::milliseconds(10);
  Duration jitter{};  // up to so much more, uniformly
  double loss = 0, reorder = 0, duplicate = 0, corrupt = 0;
  Duration reorder_delay = std::chrono::milliseconds(25);  // how far a reordered one falls behind
  std::size_t mtu = 1472;                                  // bytes of UDP payload
  bool black_hole = false;
  bool congested = false;  // marks what is ECN-capable as CE instead of dropping it (RFC 3168)
  bool bleached = false;   // clears the ECN bits
};

// What has happened to the datagrams of one direction.
struct Tally {
  std::uint64_t sent = 0, lost = 0, black_holed = 0, too_big = 0;
  std::uint64_t duplicated = 0, corrupted = 0, reordered = 0, marked = 0, bleached = 0;

  Tally& operator+=(const Tally& other) noexcept;
};

enum class Fate : std::uint8_t { delivered, duplicated, corrupted, lost, too_big, unreachable };

struct Sent {
  TimePoint at, arrives;  // the latter only if it was not dropped
  Address from, to;       // of the ports, whatever NAT makes of them
  std::size_t bytes = 0;
  Fate fate = Fate::delivered;

  bool arrived() const noexcept { return fate <= Fate::corrupted; }
  friend bool operator==(const Sent&, const Sent&) noexcept = default;
};

class SimNetwork {
 public:
  using Receiver = std::function<void(const Datagram&)>;

  // A socket bound to one address.
  class Port final : public DatagramSink {
   public:
    Port(SimNetwork& network, const Address& address) : network_(network), address_(address) {}
    SendOutcome send(const Datagram& datagram) override;
    const Address& address() const noexcept { return address_; }

    bool blocked = false;           // takes nothing while this is set
    std::uint64_t refused = 0;      // sends that met it
    std::size_t most_segments = 0;  // in one send so far
    Receiver receiver;              // without one, what arrives is gone

   private:
    SimNetwork& network_;
    Address address_;
  };

  SimNetwork(const SimClock& clock, std::uint64_t seed) : clock_(clock), random_(seed) {}

  Port& open(const Address& address);
  Link& link(const Address& from, const Address& to) { return links_[{key(from), key(to)}]; }
  const Tally& tally(const Address& from, const Address& to) {
    return tallies_[{key(from), key(to)}];
  }
  void both_ways(const Address& a, const Address& b, const Link& how) {
    link(a, b) = link(b, a) = how;
  }
  // What `inside` sends shows up as coming from `outside` from now on, and answers go there.
  // An earlier binding is forgotten, as a NAT does after a while of silence.
  void rebind(const Address& inside, const Address& outside) { nat_[key(inside)] = outside; }

  TimePoint next() const noexcept {
    return in_flight_.empty() ? kNever : in_flight_.begin()->first;
  }
  void deliver();  // what is due by the clock

  // From now on the limit of RFC 9000 §8.1 is watched for the server at that address.
  void watch(const Address& server) { watched_ = server; }
  const AmplificationWatch& amplification() const noexcept { return amplification_; }

  const std::vector<Sent>& log() const noexcept { return log_; }
  std::size_t in_flight() const noexcept { return in_flight_.size(); }

 private:
  struct Packet {
    Port* to;
    Address from;
    Ecn ecn;
    std::vector<std::byte> bytes;
    bool intact = true;
  };
  static std::string key(const Address& address) { return address.text(); }
  void send_one(Port& from, const Datagram& datagram);
  void fly(Sent& entry, Packet packet, const Link& link, Tally& tally);
  static void change_ecn(Packet& packet, const Link& link, Tally& tally);
  Port* find(const Address& address) const;
  Address seen_from(const Address& inside) const;

  const SimClock& clock_;
  SeededRandom random_;
  std::map<std::string, std::unique_ptr<Port>> ports_;
  std::map<std::pair<std::string, std::string>, Link> links_;
  std::map<std::pair<std::string, std::string>, Tally> tallies_;
  std::map<std::string, Address> nat_;
  Address watched_;
  AmplificationWatch amplification_;
  std::multimap<TimePoint, Packet> in_flight_;  // equal times keep the order of sending
  std::vector<Sent> log_;
};

}  // namespace troika::sim
