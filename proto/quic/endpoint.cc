#include "proto/quic/endpoint.h"

#include <algorithm>
#include <utility>

#include "proto/quic/convert.h"
#include "proto/quic/send_buffer.h"

namespace troika::quic {

Endpoint::Endpoint(EndpointConfig config, const Clock& clock, Random& random, DatagramSink& sink,
                   const tls::ServerContext& tls, ApplicationFactory application)
    : config_(std::move(config)),
      clock_(clock),
      random_(random),
      tls_(tls),
      application_(std::move(application)),
      out_(sink, SendBuffer::kMostBytes),
      id_factory_(config_, random_),
      tokens_(config_, clock_),
      replies_(config_, random_, id_factory_),
      ids_(random_),
      places_(config_.connections),
      handshakes_(config_.half_open, config_.half_open / 4),
      shared_{.config = config_,
              .blocks = config_.blocks != nullptr ? *config_.blocks : own_blocks_,
              .clock = clock_,
              .random = random_,
              .out = out_,
              .ids = id_factory_,
              .tokens = tokens_,
              .timers = timers_,
              .owner = *this,
              .tls = tls_,
              .application = application_,
              .places = places_,
              .handshakes = handshakes_} {}

// A GRO buffer may contain packets of several connections, so each segment is looked up.
void Endpoint::receive(const Datagram& datagram, TimePoint now) {
  for_each_segment(datagram, [&](const Datagram& packet) {
    ++counters_.datagrams_in;
    if (!dispatch(packet, now)) ++counters_.datagrams_dropped;
  });
}

bool Endpoint::flush(TimePoint now) {
  if (out_.blocked()) return false;
  replies_.flush(out_);
  dirty_.run([&](ServerConnection& connection) {
    if (out_.blocked()) return true;
    // A handshake takes a millisecond or more, which must not count as the next one's round trip.
    const bool more = connection.flush(std::max(now, clock_.now()));
    connection.on_flushed();
    if (connection.phase() == Phase::dead) {
      free_connection(connection);
      return false;
    }
    return more;
  });
  return !out_.blocked() && (!dirty_.empty() || !replies_.empty());
}

void Endpoint::free_connection(ServerConnection& connection) noexcept {
  dirty_.remove(connection);
  const std::size_t index = connection.index;
  std::swap(connections_[index], connections_.back());
  connections_[index]->index = index;
  connections_.pop_back();
}

void Endpoint::drain() {
  draining_ = true;
  for (const auto& connection : connections_) connection->drain();
}

void Endpoint::retire(const Address& address) {
  retired_.push_back(address);
  for (const auto& connection : connections_) {
    if (address.covers(connection->local())) connection->drain();
  }
}

void Endpoint::forget(const Address& address, TimePoint now) {
  for (const auto& connection : connections_) {
    if (address.covers(connection->local())) connection->close(application_.traits.no_error);
  }
  flush(now);
  std::erase(retired_, address);
}

bool Endpoint::uses(const Address& address) const noexcept {
  return std::ranges::any_of(connections_, [&](const auto& connection) {
    return connection->alive() && address.covers(connection->local());
  });
}

void Endpoint::add_holders(std::vector<MemoryHolder*>& holders) const {
  for (const auto& connection : connections_) {
    if (connection->alive()) holders.push_back(connection.get());
  }
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
  buffered_.expire(now, [this](const Datagram& packet) { retry_lost_beginning(packet); });
}

namespace {

// RFC 9000 §10.3: a valid packet is not smaller.
constexpr std::size_t kSmallestPacket = 21;
// RFC 9000 §14.1: the first datagrams of a client are at least this long.
constexpr std::size_t kSmallestInitial = NGTCP2_MAX_UDP_PAYLOAD_SIZE;

bool has_long_header(const Datagram& packet) noexcept {
  return (packet.bytes.front() & std::byte{0x80}) != std::byte{};
}

}  // namespace

// RFC 9000 §5.2: to the connection of the packet; without one, to a stateless reply.
bool Endpoint::dispatch(const Datagram& packet, TimePoint now) {
  if (packet.bytes.size() < kSmallestPacket) return false;
  ngtcp2_version_cid head;
  const int error = ngtcp2_pkt_decode_version_cid(&head, as_u8(packet.bytes.data()),
                                                  packet.bytes.size(), kOwnIdBytes);
  if (error != 0 && error != NGTCP2_ERR_VERSION_NEGOTIATION) return false;
  if (has_long_header(packet) && !is_spoken(head.version)) {
    // Never in reply to a Version Negotiation packet, which has version 0 (RFC 9000 §6.1).
    if (head.version == 0 || packet.bytes.size() < kSmallestInitial) return false;
    if (!replies_.version_negotiation(packet, head, now)) return false;
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
  if (id.size() != kOwnIdBytes || !replies_.stateless_reset(packet, id, now)) return false;
  ++counters_.resets_sent;
  return true;
}

// Packets do not loop: the worker that gets one finds that it owns it.
bool Endpoint::forward(const Datagram& packet, std::span<const std::uint8_t> id) {
  if (!forward_ || !forward_(id_factory_.worker_of(id), packet)) return false;
  ++counters_.forwarded;
  return true;
}

// Connections that are closing have no place, but they are not without end.
bool Endpoint::make_room(const Datagram& packet, const TokenCheck& token) {
  const bool known = token.verdict == TokenCheck::Verdict::new_token;
  return accepts_ && connections_.size() < 2 * config_.connections &&
         handshakes_.admit(packet.remote,
                           known ? Places::Newcomer::known : Places::Newcomer::unknown) &&
         places_.admit(packet.remote);
}

bool Endpoint::accept(const Datagram& packet, TimePoint now) {
  ngtcp2_pkt_hd initial;
  if (packet.bytes.size() < kSmallestInitial ||
      ngtcp2_accept(&initial, as_u8(packet.bytes.data()), packet.bytes.size()) != 0) {
    return false;
  }
  if (draining_ ||
      std::ranges::any_of(retired_, [&](const Address& a) { return a.covers(packet.local); })) {
    ++counters_.refused;
    return replies_.refuse(packet, initial, NGTCP2_CONNECTION_REFUSED);
  }
  const TokenCheck token = check_token(packet, initial);
  // RFC 9000 §8.1.2: the client accepts no second Retry, so it is refused at once.
  if (token.verdict == TokenCheck::Verdict::refused) {
    return replies_.refuse(packet, initial, NGTCP2_INVALID_TOKEN);
  }
  // RFC 9000 §7.2: only an id that a Retry chose may be shorter.
  if (token.verdict != TokenCheck::Verdict::retry &&
      initial.dcid.datalen < NGTCP2_MIN_INITIAL_DCIDLEN) {
    return false;
  }
  // For every client, with a token or not: the call also switches Retry on and off.
  // Somebody gives way only for an address that is proven.
  const bool retrying = retry_is_on(now) || buffered_.full() || handshakes_.few() || places_.few();
  if (retrying && !token.proves_address()) return retry(packet, initial);
  // Without a word: a refusal would cost as much as the beginning of a handshake.
  if (!make_room(packet, token)) {
    ++counters_.refused;
    return false;
  }
  return accept(packet, initial, token, now);
}

TokenCheck Endpoint::check_token(const Datagram& packet, const ngtcp2_pkt_hd& initial) noexcept {
  const TokenCheck token = tokens_.check(packet.remote, initial);
  if (initial.tokenlen != 0) {
    ++(token.proves_address() ? counters_.tokens_accepted : counters_.tokens_refused);
  }
  return token;
}

// Retry goes off at half the load, so that it does not change with each client. A connection that
// ended at its first packet is no longer in flight, but has cost as much.
bool Endpoint::retry_is_on(TimePoint now) noexcept {
  const std::size_t load = handshakes_.taken() + ended_at_first_packet_.at(now);
  if (load >= config_.retry_above) {
    retrying_ = true;
  } else if (2 * load < config_.retry_above) {
    retrying_ = false;
  }
  return retrying_;
}

// The id that the client has to use from now on names this worker, so its packets come here.
bool Endpoint::retry(const Datagram& packet, const ngtcp2_pkt_hd& initial) {
  const ngtcp2_cid scid = id_factory_.make();
  const Token token = tokens_.for_retry(packet.remote, initial, scid);
  if (!replies_.retry(packet, initial, scid, token.view())) return false;
  ++counters_.retries_sent;
  return true;
}

// The beginning is lost. The client would send it again when its timer fires, after a second or so;
// a Retry makes it do so now. If the beginning arrives after all, it starts a handshake that the
// client abandons for the one with the token. Packets with a token of a Retry are not buffered.
void Endpoint::retry_lost_beginning(const Datagram& packet) {
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
  connection->index = connections_.size();
  ServerConnection& added = *connections_.emplace_back(std::move(connection));
  added.receive(packet, now);
  if (!added.alive()) ended_at_first_packet_.add(now);
  const ConnectionId id(initial.dcid);
  if (added.phase() == Phase::dead) {
    const bool is_later_part = added.wants_retry();
    free_connection(added);
    return is_later_part && (buffered_.add(packet, id, now) || retry(packet, initial));
  }
  ++counters_.accepted;
  buffered_.take(id, packet.remote, [&](const Datagram& later) { added.receive(later, now); });
  return true;
}

}  // namespace troika::quic
