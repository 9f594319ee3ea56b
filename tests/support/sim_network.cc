#include "sim_network.h"

#include <algorithm>

namespace troika::sim {

Tally& Tally::operator+=(const Tally& other) noexcept {
  for (const auto count :
       {&Tally::sent, &Tally::lost, &Tally::black_holed, &Tally::too_big, &Tally::duplicated,
        &Tally::corrupted, &Tally::reordered, &Tally::marked, &Tally::bleached}) {
    this->*count += other.*count;
  }
  return *this;
}

SendOutcome SimNetwork::Port::send(const Datagram& datagram) {
  if (blocked) {
    ++refused;
    return SendOutcome::blocked;
  }
  std::span<const std::byte> rest = datagram.bytes;
  const std::size_t each = datagram.segment_bytes == 0 ? rest.size() : datagram.segment_bytes;
  std::size_t segments = 0;
  for (; !rest.empty(); ++segments) {
    Datagram one = datagram;
    one.bytes = rest.first(std::min(each, rest.size()));
    rest = rest.subspan(one.bytes.size());
    network_.send_one(*this, one);
  }
  most_segments = std::max(most_segments, segments);
  return SendOutcome::sent;
}

SimNetwork::Port& SimNetwork::open(const Address& address) {
  auto& port = ports_[key(address)];
  if (!port) port = std::make_unique<Port>(*this, address);
  return *port;
}

Address SimNetwork::seen_from(const Address& inside) const {
  const auto found = nat_.find(key(inside));
  return found == nat_.end() ? inside : found->second;
}

SimNetwork::Port* SimNetwork::find(const Address& address) const {
  for (const auto& [name, port] : ports_) {
    if (seen_from(port->address()) == address) return port.get();
  }
  return nullptr;
}

void SimNetwork::send_one(Port& from, const Datagram& datagram) {
  if (from.address() == watched_) amplification_.sent(key(datagram.remote), datagram.bytes.size());
  Sent entry{clock_.now(), {}, from.address(), datagram.remote, datagram.bytes.size()};
  Port* const to = find(datagram.remote);
  if (to == nullptr) {
    entry.fate = Fate::unreachable;
    log_.push_back(entry);
    return;
  }
  entry.to = to->address();
  const Link& way = link(from.address(), to->address());
  Tally& tally = tallies_[{key(from.address()), key(to->address())}];
  ++tally.sent;
  // Drawn in any case, so that one setting does not shift the luck of another.
  const bool lost = random_.chance(way.loss);
  const bool corrupt = random_.chance(way.corrupt);
  const bool twice = random_.chance(way.duplicate);
  if (datagram.bytes.size() > way.mtu) {
    entry.fate = Fate::too_big;
    ++tally.too_big;
  } else if (lost || way.black_hole) {
    entry.fate = Fate::lost;
    ++(way.black_hole ? tally.black_holed : tally.lost);
  }
  if (!entry.arrived()) {
    log_.push_back(entry);
    return;
  }
  Packet packet{
      to, seen_from(from.address()), datagram.ecn, {datagram.bytes.begin(), datagram.bytes.end()}};
  change_ecn(packet, way, tally);
  if (twice) {
    Sent copy = entry;
    copy.fate = Fate::duplicated;
    ++tally.duplicated;
    fly(copy, packet, way, tally);
  }
  if (corrupt && !packet.bytes.empty()) {
    entry.fate = Fate::corrupted;
    ++tally.corrupted;
    packet.bytes[random_.below(packet.bytes.size())] ^= std::byte{0x20};
    packet.intact = false;
  }
  fly(entry, std::move(packet), way, tally);
}

void SimNetwork::change_ecn(Packet& packet, const Link& way, Tally& tally) {
  if (packet.ecn == Ecn::not_ect) return;
  if (way.congested) {
    packet.ecn = Ecn::ce;
    ++tally.marked;
  }
  if (way.bleached) {
    packet.ecn = Ecn::not_ect;
    ++tally.bleached;
  }
}

void SimNetwork::fly(Sent& entry, Packet packet, const Link& way, Tally& tally) {
  Duration delay = way.delay;
  const auto jitter = static_cast<std::uint64_t>(way.jitter.count());
  if (jitter > 0) delay += Duration(static_cast<Duration::rep>(random_.below(jitter)));
  if (random_.chance(way.reorder)) {
    delay += way.reorder_delay;
    ++tally.reordered;
  }
  entry.arrives = entry.at + delay;
  log_.push_back(entry);
  in_flight_.emplace(entry.arrives, std::move(packet));
}

void SimNetwork::deliver() {
  while (!in_flight_.empty() && in_flight_.begin()->first <= clock_.now()) {
    const auto packet = std::move(in_flight_.extract(in_flight_.begin()).mapped());
    if (packet.to->address() == watched_) {
      amplification_.arrived(key(packet.from), packet.bytes, packet.intact);
    }
    if (!packet.to->receiver) continue;
    packet.to->receiver({.local = packet.to->address(),
                         .remote = packet.from,
                         .ecn = packet.ecn,
                         .bytes = packet.bytes});
  }
}

}  // namespace troika::sim
