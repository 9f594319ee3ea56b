#include "tools/relay/relay.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace troika::relay {
namespace {

// A client that was silent for so long gives its place to another one.
constexpr Duration kSilence = std::chrono::seconds(30);

struct Retired final : Deletable {
  explicit Retired(std::unique_ptr<UdpSocket> was) : socket(std::move(was)) {}
  std::unique_ptr<UdpSocket> socket;
};

Address any_like(const Address& address) {
  if (address.family() == AF_INET) return Address::v4(INADDR_ANY, 0);
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  return Address(reinterpret_cast<const sockaddr*>(&any));
}

// RFC 9000 §9: until then endpoints rely on an address that stays, and a server ignores a new one.
bool after_handshake(std::span<const std::byte> datagram) noexcept {
  return !datagram.empty() && (datagram.front() & std::byte{0x80}) == std::byte{};
}

}  // namespace

struct Relay::Client {
  Client(const Options& options, const Datagram& first, std::uint64_t n, TimePoint now)
      : number(n),
        remote(first.remote),
        local(first.local),
        from(any_like(options.to)),
        born(now),
        heard(now),
        next_port(options.rebind_port.count() > 0 ? now + options.rebind_port : kNever) {
    SeededRandom seeds(options.seed + n);
    up.emplace(options.up, seeds.next(), now);
    down.emplace(options.down, seeds.next(), now);
  }

  std::uint64_t number;   // from 1
  Address remote, local;  // its own address, and the one that it sends to
  Address from;           // which the server sees
  TimePoint born, heard;
  TimePoint next_port;
  std::size_t next_address = 0;
  std::optional<Path> up, down;
  std::unique_ptr<UdpSocket> socket;  // towards the server
};

Checked<std::unique_ptr<Relay>> Relay::make(Loop& loop, const Options& options, Trace trace) {
  for (const AddressChange& change : options.rebind_address) {
    if (auto probed = UdpSocket::bind(change.from, {}); !probed) {
      return std::unexpected(probed.error());
    }
  }
  auto fd = UdpSocket::bind(options.listen, {});
  if (!fd) return std::unexpected(fd.error());
  std::unique_ptr<Relay> relay(new Relay(loop, options, std::move(trace)));
  relay->listener_ = std::make_unique<UdpSocket>(
      loop, std::move(*fd),
      [self = relay.get()](const Datagram& datagram, TimePoint now) {
        self->from_client(datagram, now);
      },
      [] {});
  return relay;
}

Relay::Relay(Loop& loop, const Options& options, Trace trace)
    : loop_(loop),
      options_(options),
      trace_(std::move(trace)),
      start_(loop.clock().now()),
      waiting_(options.most_waiting, options.most_waiting_bytes),
      timer_(loop.timers(), [this] { send_due(loop_.clock().now()); }) {}

Relay::~Relay() = default;

void Relay::from_client(const Datagram& datagram, TimePoint now) {
  Client* const client = client_of(datagram, now);
  if (client == nullptr) {
    ++summary_.refused;
    return;
  }
  client->heard = now;
  client->local = datagram.local;
  take(*client, true, datagram, now);
}

void Relay::from_server(Client& client, const Datagram& datagram, TimePoint now) {
  if (datagram.remote == options_.to) {
    take(client, false, datagram, now);
  } else {
    ++summary_.foreign;
  }
}

Relay::Client* Relay::client_of(const Datagram& datagram, TimePoint now) {
  const auto known = std::ranges::find(clients_, datagram.remote,
                                       [](const auto& client) { return client->remote; });
  if (known != clients_.end()) return known->get();
  if (!make_room(now)) return nullptr;
  auto client = std::make_unique<Client>(options_, datagram, summary_.clients + 1, now);
  auto socket = towards_server(*client);
  if (!socket) return nullptr;
  client->socket = std::move(*socket);
  if (options_.shared_line && !shared_up_) {
    shared_up_ = client->up;
    shared_down_ = client->down;
  }
  ++summary_.clients;
  return clients_.emplace_back(std::move(client)).get();
}

bool Relay::make_room(TimePoint now) {
  if (clients_.size() < options_.max_clients) return true;
  const auto oldest =
      std::ranges::min_element(clients_, {}, [](const auto& client) { return client->heard; });
  if (now - (*oldest)->heard < kSilence) return false;
  waiting_.erase_if([&](const Packet& packet) { return packet.client == oldest->get(); });
  clients_.erase(oldest);
  return true;
}

Checked<std::unique_ptr<UdpSocket>> Relay::towards_server(Client& client) {
  auto fd = UdpSocket::bind(client.from, {});
  if (!fd) return std::unexpected(fd.error());
  return std::make_unique<UdpSocket>(
      loop_, std::move(*fd),
      [this, &client](const Datagram& datagram, TimePoint now) {
        from_server(client, datagram, now);
      },
      [] {});
}

// What GRO has put together is several datagrams, each with a fate of its own.
void Relay::take(Client& client, bool up, const Datagram& datagram, TimePoint now) {
  const std::size_t size = datagram.bytes.size();
  const std::size_t segment = datagram.segment_bytes == 0 ? size : datagram.segment_bytes;
  for (std::size_t at = 0; at < size; at += segment) {
    take_one(client, up, datagram.ecn, datagram.bytes.subspan(at, std::min(segment, size - at)),
             now);
  }
  send_due(now);
}

void Relay::take_one(Client& client, bool up, Ecn ecn, std::span<const std::byte> bytes,
                     TimePoint now) {
  Path& path =
      up ? *(shared_up_ ? shared_up_ : client.up) : *(shared_down_ ? shared_down_ : client.down);
  TraceEntry entry{.since = now - start_,
                   .client = client.number,
                   .up = up,
                   .bytes = bytes.size(),
                   .packet = packet_class(bytes),
                   .verdict = path.take(bytes.size(), now)};
  const Verdict& verdict = entry.verdict;
  if (verdict.dropped == Dropped::no) {
    Packet packet{&client, up, path.ecn_of(ecn), {bytes.begin(), bytes.end()}, false};
    if (verdict.corrupt_at) packet.bytes[*verdict.corrupt_at] ^= verdict.flip;
    entry.delay = verdict.due - now;
    entry.marked = packet.ecn != ecn;
    entry.overflow = !enqueue(verdict.due, std::move(packet), verdict.duplicated ? 2 : 1);
  }
  Counts& counts = up ? summary_.up : summary_.down;
  count(counts, verdict, now, entry.overflow);
  if (entry.marked && !entry.overflow) ++counts.marked;
  trace_.add(entry);
}

bool Relay::enqueue(TimePoint due, Packet packet, std::size_t copies) {
  if (!waiting_.has_room(copies, copies * packet.bytes.size())) return false;
  for (; copies > 1; --copies) {
    Packet copy = packet;
    copy.copy = true;
    waiting_.add(due, std::move(copy));
  }
  waiting_.add(due, std::move(packet));
  return true;
}

void Relay::send_due(TimePoint now) {
  while (const auto next = waiting_.take_due(now)) send(next->second, now);
  timer_.set(waiting_.next());
}

void Relay::send(const Packet& packet, TimePoint now) {
  Client& client = *packet.client;
  if (packet.up && after_handshake(packet.bytes)) move_if_due(client, now);
  UdpSocket& socket = packet.up ? *client.socket : *listener_;
  const Datagram datagram{.local = packet.up ? Address() : client.local,
                          .remote = packet.up ? options_.to : client.remote,
                          .ecn = packet.ecn,
                          .bytes = packet.bytes};
  const bool sent = socket.send(datagram) == SendOutcome::sent;
  if (packet.copy) return;
  Counts& counts = packet.up ? summary_.up : summary_.down;
  ++(sent ? counts.sent : counts.overflow);
  if (sent) counts.sent_bytes += packet.bytes.size();
}

// A change waits for a datagram that makes it known: were the old port gone before, a server whose
// answers are all that moves would never find the client again.
void Relay::move_if_due(Client& client, TimePoint now) {
  const bool port = now >= client.next_port;
  bool address = false;
  while (client.next_address < options_.rebind_address.size() &&
         now - client.born >= options_.rebind_address[client.next_address].at) {
    client.from = options_.rebind_address[client.next_address++].from;
    address = true;
  }
  if (port) client.next_port = now + options_.rebind_port;
  if (!port && !address) return;
  auto socket = towards_server(client);
  if (!socket) {
    ++summary_.failed_changes;
    return;
  }
  summary_.address_changes += address ? 1U : 0U;
  summary_.port_changes += address ? 0U : 1U;
  // It may be the one whose callback has led here.
  loop_.deferred().later(
      std::make_unique<Retired>(std::exchange(client.socket, std::move(*socket))));
}

}  // namespace troika::relay
