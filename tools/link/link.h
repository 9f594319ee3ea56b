#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "loop/loop.h"
#include "tools/link/options.h"
#include "tools/network/counts.h"
#include "tools/network/in_flight.h"
#include "tools/network/path.h"

namespace troika::link {

// Carries IPv4 packets between two descriptors that give and take one packet a call, as TUN devices
// do. They outlive it.
class Link {
 public:
  // Throws as make_own_poll() does.
  Link(Loop& loop, const Options& options, int client, int server);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  const network::Counts& up() const noexcept { return up_.counts; }
  const network::Counts& down() const noexcept { return down_.counts; }
  // How much after their time packets were sent on, as this program had to wait for a core.
  Duration longest_lag() const noexcept { return longest_lag_; }
  Duration mean_lag() const noexcept;

 private:
  struct Direction {
    Direction(Link& link, const network::PathOptions& options, std::uint64_t seed, int from,
              int to);

    Link& link;
    network::Path path;
    int from, to;
    network::Counts counts{};
    Handle<uv_poll_s> poll;
  };
  struct Packet {
    Direction* direction;
    std::vector<std::byte> bytes;
    bool copy = false;
  };

  void on_readable(Direction& direction);
  void take(Direction& direction, std::span<const std::byte> bytes);
  void send_due();
  void send(const Packet& packet);

  Loop& loop_;
  network::InFlight<Packet> waiting_;
  Timer timer_;
  Duration longest_lag_{}, lags_{};
  Direction up_, down_;
};

}  // namespace troika::link
