#include "proto/quic/endpoint.h"

#include <algorithm>
#include <utility>

#include "proto/quic/convert.h"
#include "proto/quic/send_buffer.h"
#include "proto/quic/settings.h"

namespace troika::quic {

Endpoint::Endpoint(EndpointConfig config, const Clock& clock, Random& random, DatagramSink& sink,
                   const tls::ServerContext& tls, ApplicationFactory application)
    : config_(config),
      clock_(clock),
      random_(random),
      tls_(tls),
      application_(std::move(application)),
      out_(sink, SendBuffer::kMostBytes),
      id_factory_(config_, random_),
      tokens_(config_, clock_),
      answers_(config_, random_, id_factory_),
      ids_(random_),
      shared_{config_, random_, out_, id_factory_, tokens_, timers_, *this, tls_, application_} {}

// A GRO buffer may hold packets of several connections, so each segment is looked up.
void Endpoint::receive(const Datagram& datagram, TimePoint now) {
  for_each_segment(datagram, [&](const Datagram& packet) {
    ++counters_.datagrams_in;
    if (!dispatch(packet, now)) ++counters_.datagrams_dropped;
  });
}

void Endpoint::connection_dirty(ServerConnection& connection) noexcept {
  if (!std::exchange(connection.queued, true)) dirty_.push_back(&connection);
}

bool Endpoint::flush(TimePoint now) {
  if (out_.blocked()) return false;
  answers_.flush(out_);
  const std::vector<ServerConnection*> batch = std::exchange(dirty_, {});
  for (ServerConnection* const connection : batch) {
    connection->queued = false;
    if (out_.blocked()) {
      connection_dirty(*connection);
      continue;
    }
    // A handshake takes a millisecond or more: its time is not to be the next one's round trip.
    if (connection->flush(std::max(now, clock_.now()))) connection_dirty(*connection);
    connection->settle();
    if (connection->phase() == Phase::dead) free_connection(*connection);
  }
  return !out_.blocked() && (!dirty_.empty() || !answers_.empty());
}

void Endpoint::free_connection(ServerConnection& connection) noexcept {
  if (connection.queued) std::erase(dirty_, &connection);
  const std::size_t place = connection.place;
  std::swap(connections_[place], connections_.back());
  connections_[place]->place = place;
  connections_.pop_back();
}

void Endpoint::drain() {
  draining_ = true;
  for (const auto& connection : connections_) connection->drain();
}

void Endpoint::close_all(TimePoint now) {
  draining_ = true;
  for (const auto& connection : connections_) connection->close(application_.traits.no_error);
  flush(now);
}

std::size_t Endpoint::connections() const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(connections_, [](const auto& each) { return each->alive(); }));
}

const EndpointCounters& Endpoint::counters() const noexcept {
  counters_.packets_out = out_.packets();
  counters_.sends = out_.sends();
  return counters_;
}

void Endpoint::on_deadline(TimePoint now) {
  timers_.advance_to(now);
  held_.expire(now, [this](const Datagram& packet) { ask_for_beginning(packet); });
}

namespace {

// RFC 9000 §10.3: what is smaller can be no valid packet.
constexpr std::size_t kSmallestPacket = 21;
// RFC 9000 §14.1: a client's first datagrams are at least this long.
constexpr std::size_t kSmallestInitial = NGTCP2_MAX_UDP_PAYLOAD_SIZE;

bool has_long_header(const Datagram& packet) noexcept {
  return (packet.bytes.front() & std::byte{0x80}) != std::byte{};
}

}  // namespace

// RFC 9000 §5.2: to its connection, or to the answer for a packet that has none.
bool Endpoint::dispatch(const Datagram& packet, TimePoint now) {
  if (packet.bytes.size() < kSmallestPacket) return false;
  ngtcp2_version_cid head;
  const int error = ngtcp2_pkt_decode_version_cid(&head, as_u8(packet.bytes.data()),
                                                  packet.bytes.size(), kOwnIdBytes);
  if (error != 0 && error != NGTCP2_ERR_VERSION_NEGOTIATION) return false;
  if (has_long_header(packet) && !is_spoken(head.version)) {
    // Never in answer to a Version Negotiation packet, which has version 0 (RFC 9000 §6.1).
    if (head.version == 0 || packet.bytes.size() < kSmallestInitial) return false;
    if (!answers_.version_negotiation(packet, head, now)) return false;
    ++counters_.versions_sent;
    return true;
  }
  if (head.dcidlen > NGTCP2_MAX_CIDLEN) return false;
  const std::span id(head.dcid, head.dcidlen);
  if (ServerConnection* const connection = ids_.find(ConnectionId(id)); connection != nullptr) {
    connection->receive(packet, now);
    return true;
  }
  if (id_factory_.worker_of(id) != config_.worker) {
    return forward(packet, id) || (has_long_header(packet) && accept(packet, now));
  }
  if (has_long_header(packet)) return accept(packet, now);
  if (id.size() != kOwnIdBytes || !answers_.stateless_reset(packet, id, now)) return false;
  ++counters_.resets_sent;
  return true;
}

// The owner is never asked to hand it on: by its own reckoning it is the owner.
bool Endpoint::forward(const Datagram& packet, std::span<const std::uint8_t> id) {
  if (!forward_ || !forward_(id_factory_.worker_of(id), packet)) return false;
  ++counters_.forwarded;
  return true;
}

bool Endpoint::has_room() const noexcept {
  return !draining_ && connections_.size() < config_.connections && half_open_ < config_.half_open;
}

bool Endpoint::accept(const Datagram& packet, TimePoint now) {
  ngtcp2_pkt_hd initial;
  if (packet.bytes.size() < kSmallestInitial ||
      ngtcp2_accept(&initial, as_u8(packet.bytes.data()), packet.bytes.size()) != 0) {
    return false;
  }
  if (!has_room()) {
    ++counters_.refused;
    return answers_.refuse(packet, initial, NGTCP2_CONNECTION_REFUSED);
  }
  const TokenCheck token = check_token(packet, initial);
  // RFC 9000 §8.1.2: it will accept no other Retry, so it is told at once.
  if (token.verdict == TokenCheck::Verdict::refused) {
    return answers_.refuse(packet, initial, NGTCP2_INVALID_TOKEN);
  }
  // RFC 9000 §7.2: only an id that a Retry gave out may be shorter.
  if (token.verdict != TokenCheck::Verdict::retry &&
      initial.dcid.datalen < NGTCP2_MIN_INITIAL_DCIDLEN) {
    return false;
  }
  // Asked for every client, as it is here that it goes on and off.
  const bool retrying = retry_is_on(now) || held_.full();
  if (retrying && !token.proves_address()) return retry(packet, initial);
  return accept(packet, initial, token, now);
}

TokenCheck Endpoint::check_token(const Datagram& packet, const ngtcp2_pkt_hd& initial) noexcept {
  const TokenCheck token = tokens_.check(packet.remote, initial);
  if (initial.tokenlen != 0) {
    ++(token.proves_address() ? counters_.tokens_accepted : counters_.tokens_refused);
  }
  return token;
}

// Half-way off, so that it does not go on and off with each client. A connection that ends with its
// first packet is no handshake in flight, but has cost as much as one.
bool Endpoint::retry_is_on(TimePoint now) noexcept {
  const std::size_t load = half_open_ + stillborn_.at(now);
  if (load >= config_.retry_above) {
    retrying_ = true;
  } else if (2 * load < config_.retry_above) {
    retrying_ = false;
  }
  return retrying_;
}

// The id that the client is to use from now on is one of this worker, so it comes back here.
bool Endpoint::retry(const Datagram& packet, const ngtcp2_pkt_hd& initial) {
  const ngtcp2_cid scid = id_factory_.make();
  const Token token = tokens_.for_retry(packet.remote, initial, scid);
  if (!answers_.retry(packet, initial, scid, token.view())) return false;
  ++counters_.retries_sent;
  return true;
}

// The beginning is lost, and the client would wait for its timer, a second or so, before it sends
// it again: a Retry makes it do so now. When the beginning does come, later than others may, it
// makes a handshake that the client leaves for the one with the token. Those with a token are not
// held.
void Endpoint::ask_for_beginning(const Datagram& packet) {
  ngtcp2_pkt_hd initial;
  if (ngtcp2_accept(&initial, as_u8(packet.bytes.data()), packet.bytes.size()) == 0) {
    retry(packet, initial);
  }
}

bool Endpoint::accept(const Datagram& packet, const ngtcp2_pkt_hd& initial, const TokenCheck& token,
                      TimePoint now) {
  auto connection =
      ServerConnection::make(shared_, initial, token, packet.local, packet.remote, now);
  if (!connection) return false;
  connection->place = connections_.size();
  ServerConnection& added = *connections_.emplace_back(std::move(connection));
  added.receive(packet, now);
  if (!added.alive()) stillborn_.add(now);
  const ConnectionId id(initial.dcid);
  if (added.phase() == Phase::dead) {
    const bool no_beginning = added.wants_retry();
    free_connection(added);
    return no_beginning && (held_.add(packet, id, now) || retry(packet, initial));
  }
  ++counters_.accepted;
  held_.take(id, packet.remote, [&](const Datagram& held) { added.receive(held, now); });
  return true;
}

}  // namespace troika::quic
