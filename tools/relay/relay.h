#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "loop/loop.h"
#include "loop/udp_socket.h"
#include "tools/network/in_flight.h"
#include "tools/network/path.h"
#include "tools/relay/options.h"
#include "tools/relay/summary.h"
#include "tools/relay/trace.h"

namespace troika::relay {

using network::Path;

// Passes datagrams between clients and one server, each client over its own path. Implements all
// Options except the duration, which the program does.
class Relay {
 public:
  static Checked<std::unique_ptr<Relay>> make(Loop& loop, const Options& options, Trace trace = {});
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();

  const Address& address() const noexcept { return listener_->local(); }
  const Summary& summary() const noexcept { return summary_; }

 private:
  struct Client;
  struct Packet {
    Client* client;
    bool up;
    Ecn ecn;
    std::vector<std::byte> bytes;
    bool copy = false;
  };

  Relay(Loop& loop, const Options& options, Trace trace);
  void from_client(const Datagram& datagram, TimePoint now);
  void from_server(Client& client, const Datagram& datagram, TimePoint now);
  Client* client_of(const Datagram& datagram, TimePoint now);
  bool make_room(TimePoint now);
  Checked<std::unique_ptr<UdpSocket>> towards_server(Client& client);
  void take(Client& client, bool up, const Datagram& datagram, TimePoint now);
  void take_one(Client& client, bool up, Ecn ecn, std::span<const std::byte> bytes, TimePoint now);
  bool enqueue(TimePoint due, Packet packet, std::size_t copies);
  void send_due(TimePoint now);
  void send(const Packet& packet, TimePoint now);
  void move_if_due(Client& client, TimePoint now);

  Loop& loop_;
  Options options_;
  Trace trace_;
  TimePoint start_;
  Summary summary_;
  std::unique_ptr<UdpSocket> listener_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::optional<Path> shared_up_, shared_down_;  // replace the clients' own
  network::InFlight<Packet> waiting_;
  Timer timer_;
};

}  // namespace troika::relay
