#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/dirty_list.h"
#include "base/random.h"
#include "base/time.h"
#include "ports/datagram.h"
#include "proto/quic/admission.h"
#include "proto/quic/application.h"
#include "proto/quic/cid.h"
#include "proto/quic/config.h"
#include "proto/quic/qlog.h"
#include "proto/quic/server_connection.h"
#include "proto/quic/stateless_replies.h"
#include "proto/quic/tokens.h"
#include "tls/context/server_context.h"

namespace troika::quic {

// All QUIC connections of one worker: finds the connection of a datagram, accepts new ones, and
// replies to packets that belong to none. Without I/O: the worker passes datagrams in and calls
// flush().
class Endpoint final : private ConnectionOwner {
 public:
  // Copies a packet to the worker that its connection id names. False: that is not possible.
  using Forward = std::move_only_function<bool(unsigned worker, const Datagram& packet)>;

  // The arguments outlive the endpoint. `sink` is called only from flush() and on_writable().
  Endpoint(EndpointConfig config, const Clock& clock, Random& random, DatagramSink& sink,
           const tls::ServerContext& tls, ApplicationFactory application);
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;
  ~Endpoint() = default;  // ends connections silently: call close_all() first to tell the peers

  // Receives the packets that arrived here but belong to another worker: kernels without the socket
  // filter distribute them otherwise. Without it they are dropped.
  void set_forward(Forward forward) { forward_ = std::move(forward); }

  void receive(const Datagram& datagram, TimePoint now);
  // Writes bursts for each dirty connection, up to a budget, and frees dead ones. True: there is
  // more to send, call again at the end of the loop turn.
  bool flush(TimePoint now);
  void on_writable() { out_.resend(); }  // after the sink has returned `blocked`
  TimePoint deadline() const noexcept { return std::min(timers_.next(), buffered_.deadline()); }
  void on_deadline(TimePoint now);

  // What has a connection, alive; for shed().
  void add_holders(std::vector<MemoryHolder*>& holders) const;
  void set_accepting(bool accepts) noexcept { accepts_ = accepts; }  // false: Initials are dropped
  // Refuses new connections at this address, as it is bound; GOAWAY on existing ones there.
  void retire(const Address& address);
  // CONNECTION_CLOSE without an error to those that are left there; the address is as others again.
  void forget(const Address& address, TimePoint now);
  bool uses(const Address& address) const noexcept;  // by connections that are alive
  void drain();                              // refuses new connections; GOAWAY on existing ones
  void close_all(TimePoint now);             // CONNECTION_CLOSE without an error, at once
  std::size_t connections() const noexcept;  // alive: not closing, draining or dead
  // In any phase; for leak checks.
  std::size_t objects() const noexcept { return connections_.size(); }
  const EndpointCounters& counters() const noexcept;

 private:
  bool register_id(const ConnectionId& id, ServerConnection& connection) override {
    return ids_.insert(id, connection);
  }
  void drop_id(const ConnectionId& id) noexcept override { ids_.erase(id); }
  void handshake_completed() noexcept override { ++counters_.handshakes; }
  void path_validated() noexcept override { ++counters_.paths_validated; }
  void early_data_came(bool accepted) noexcept override {
    ++(accepted ? counters_.early_accepted : counters_.early_rejected);
  }
  void key_updated() noexcept override { ++counters_.key_updates; }
  void too_costly() noexcept override { ++counters_.too_costly; }
  void connection_dirty(ServerConnection& connection) noexcept override { dirty_.add(connection); }

  bool dispatch(const Datagram& packet, TimePoint now);  // false: dropped
  bool accept(const Datagram& packet, TimePoint now);
  bool forward(const Datagram& packet, std::span<const std::uint8_t> id);
  bool accept(const Datagram& packet, const ngtcp2_pkt_hd& initial, const TokenCheck& token,
              TimePoint now);
  TokenCheck check_token(const Datagram& packet, const ngtcp2_pkt_hd& initial) noexcept;
  bool retry(const Datagram& packet, const ngtcp2_pkt_hd& initial);
  void retry_lost_beginning(const Datagram& packet);
  bool make_room(const Datagram& packet, const TokenCheck& token);
  bool retry_is_on(TimePoint now) noexcept;

  void free_connection(ServerConnection& connection) noexcept;

  const EndpointConfig config_;
  const Clock& clock_;
  Random& random_;
  const tls::ServerContext& tls_;
  const ApplicationFactory application_;
  Forward forward_;
  BlockPool own_blocks_;
  SendBuffer out_;
  IdFactory id_factory_;
  const Tokens tokens_;
  StatelessReplies replies_;
  TimerQueue timers_;
  CidTable<ServerConnection> ids_;
  Places places_, handshakes_;
  const ConnectionShared shared_;
  mutable EndpointCounters counters_;
  BufferedInitials buffered_;
  RateCounter ended_at_first_packet_;  // connections
  std::vector<Address> retired_;
  bool draining_ = false;
  bool accepts_ = true;
  bool retrying_ = false;
  DirtyList<ServerConnection> dirty_;
  std::vector<std::unique_ptr<ServerConnection>> connections_;
};

}  // namespace troika::quic
