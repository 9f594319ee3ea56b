#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "admission/memory.h"
#include "admission/places.h"
#include "base/time.h"
#include "proto/quic/cid.h"
#include "proto/quic/config.h"
#include "proto/quic/connection_base.h"
#include "proto/quic/tokens.h"
#include "tls/context/server_context.h"

namespace troika::quic {

class ServerConnection;

// What the endpoint does for its connections.
class ConnectionOwner {
 public:
  virtual bool register_id(const ConnectionId& id, ServerConnection& connection) = 0;
  virtual void drop_id(const ConnectionId& id) noexcept = 0;
  virtual void handshake_completed() noexcept = 0;
  virtual void path_validated() noexcept = 0;
  virtual void early_data_came(bool accepted) noexcept = 0;
  virtual void key_updated() noexcept = 0;
  virtual void too_costly() noexcept = 0;
  virtual void connection_dirty(ServerConnection& connection) noexcept = 0;

 protected:
  ~ConnectionOwner() = default;
};

// What all connections of an endpoint share; outlives them.
struct ConnectionShared {
  const EndpointConfig& config;
  BlockPool& blocks;
  const Clock& clock;
  Random& random;
  SendBuffer& out;
  IdFactory& ids;
  const Tokens& tokens;
  TimerQueue& timers;
  ConnectionOwner& owner;
  const tls::ServerContext& tls;
  const ApplicationFactory& application;
  Places& places;      // of connections
  Places& handshakes;  // of those among them whose handshake goes on
};

// The server side of one connection.
class ServerConnection final : public ConnectionBase, public MemoryHolder, private Occupant {
 public:
  // Null if a library fails. `initial` is the header of the client's first packet, which has yet to
  // be passed to receive(), and `token` the result of checking its token.
  static std::unique_ptr<ServerConnection> make(const ConnectionShared& shared,
                                                const ngtcp2_pkt_hd& initial,
                                                const TokenCheck& token, const Address& local,
                                                const Address& remote, TimePoint now);
  ~ServerConnection() override;

  void receive(const Datagram& packet, TimePoint now);
  bool flush(TimePoint now);
  // Sets the timer, and frees what an ended connection no longer needs.
  void on_flushed();

  std::size_t held() const noexcept override { return held_bytes(); }
  TimePoint progress_at() const noexcept override { return last_progress(); }
  void shed() noexcept override;

  std::size_t index = 0;  // in the endpoint's list
  bool dirty = false;     // in the endpoint's DirtyList

 private:
  ServerConnection(const ConnectionShared& shared, const Address& local, const Address& remote);
  bool start(const ngtcp2_pkt_hd& initial, const TokenCheck& token, TimePoint now);
  bool add_id(const ConnectionId& id);

  bool new_id(ngtcp2_cid& id, ngtcp2_stateless_reset_token& token) override;
  void id_retired(const ngtcp2_cid& id) noexcept override;
  void on_established() override;
  void on_address_proven(const Address& remote) override;
  void on_path_validated() noexcept override { shared_.owner.path_validated(); }
  void on_key_updated() noexcept override { shared_.owner.key_updated(); }
  std::unique_ptr<QlogSink> open_log() override;
  void mark_dirty() noexcept override;
  void give_way() noexcept override;
  bool start_application() override;
  void report_handshake() const noexcept;

  const ConnectionShared& shared_;
  Timer timer_;
  std::size_t sending_ = 0;  // bytes that ngtcp2 holds and has taken in flush()
  std::vector<ConnectionId> ids_;
  std::optional<Place> place_;      // while it is open
  std::optional<Place> handshake_;  // until it is over
};

}  // namespace troika::quic
