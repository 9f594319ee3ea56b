#pragma once
#include <algorithm>
#include <memory>
#include <vector>

#include "proto/quic/answers.h"
#include "proto/quic/cid_table.h"
#include "proto/quic/connection.h"
#include "proto/quic/held_initials.h"
#include "proto/quic/per_second.h"
#include "proto/quic/tokens.h"

namespace troika::quic {

class Endpoint::Impl final : public ConnectionOwner {
 public:
  Impl(EndpointConfig config, const Clock& clock, Random& random, DatagramSink& sink,
       const tls::ServerContext& tls, ApplicationFactory application);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() = default;

  void set_forward(Forward forward) { forward_ = std::move(forward); }
  void receive(const Datagram& datagram, TimePoint now);
  bool flush(TimePoint now);
  void on_writable() { outbox_.resend(); }
  TimePoint deadline() const noexcept { return std::min(timers_.next(), held_.deadline()); }
  void on_deadline(TimePoint now) {
    timers_.advance_to(now);
    held_.expire(now, [this](const Datagram& packet) { ask_for_beginning(packet); });
  }
  void drain();
  void close_all(TimePoint now);
  std::size_t connections() const noexcept;
  std::size_t objects() const noexcept { return connections_.size(); }
  const EndpointCounters& counters() const noexcept;

 private:
  bool register_id(const ConnectionId& id, Connection& connection) override {
    return ids_.insert(id, connection);
  }
  void drop_id(const ConnectionId& id) noexcept override { ids_.erase(id); }
  void handshake_began() noexcept override { ++half_open_; }
  void handshake_ended() noexcept override { --half_open_; }
  void handshake_completed() noexcept override { ++counters_.handshakes; }
  void path_validated() noexcept override { ++counters_.paths_validated; }
  void early_data_came(bool accepted) noexcept override {
    ++(accepted ? counters_.early_accepted : counters_.early_rejected);
  }
  void key_updated() noexcept override { ++counters_.key_updates; }
  void connection_dirty(Connection& connection) noexcept override;

  // accept.cc
  bool dispatch(const Datagram& packet, TimePoint now);  // false: dropped
  bool accept(const Datagram& packet, TimePoint now);
  bool forward(const Datagram& packet, std::span<const std::uint8_t> id);
  bool accept(const Datagram& packet, const ngtcp2_pkt_hd& initial, const TokenCheck& token,
              TimePoint now);
  TokenCheck check_token(const Datagram& packet, const ngtcp2_pkt_hd& initial) noexcept;
  bool retry(const Datagram& packet, const ngtcp2_pkt_hd& initial);
  void ask_for_beginning(const Datagram& packet);
  bool has_room() const noexcept;
  bool retry_is_on(TimePoint now) noexcept;

  void free_connection(Connection& connection) noexcept;

  const EndpointConfig config_;
  const Clock& clock_;
  Random& random_;
  const tls::ServerContext& tls_;
  const ApplicationFactory make_application_;
  Forward forward_;
  Outbox outbox_;
  IdFactory id_factory_;
  const Tokens tokens_;
  Answers answers_;
  TimerQueue timers_;
  CidTable<Connection> ids_;
  const ConnectionShared shared_;
  mutable EndpointCounters counters_;
  HeldInitials held_;
  std::size_t half_open_ = 0;
  CountOfSecond stillborn_;  // connections that ended with their first packet
  bool draining_ = false;
  bool retrying_ = false;
  std::vector<Connection*> dirty_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace troika::quic
