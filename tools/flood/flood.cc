#include "tools/flood/flood.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <thread>

#include "os/bind.h"
#include "proto/h3/session.h"
#include "proto/quic/client_connection.h"
#include "tls/context/client_context.h"
#include "tls/ossl.h"

namespace troika::flood {
namespace {

constexpr std::uint32_t kLoopback = 127U << 24U;

struct Catcher final : DatagramSink {
  std::vector<std::vector<std::byte>> caught;
  SendOutcome send(const Datagram& datagram) override {
    std::span<const std::byte> rest = datagram.bytes;
    const std::size_t each = datagram.segment_bytes == 0 ? rest.size() : datagram.segment_bytes;
    while (!rest.empty()) {
      const auto one = rest.first(std::min(each, rest.size()));
      caught.emplace_back(one.begin(), one.end());
      rest = rest.subspan(one.size());
    }
    return SendOutcome::sent;
  }
};

bool is_retry(std::span<const std::byte> packet) noexcept {  // of version 1, RFC 9000 §17.2.5
  return !packet.empty() && (packet.front() & std::byte{0xb0}) == std::byte{0xb0};
}

}  // namespace

Flood::Flood(const Address& server) : server_(server) {
  auto made = tls::ClientContext::make(tls::TransportKind::quic,
                                       {.alpn = {h3::traits(limits_).alpn}, .verify = false});
  if (!made) throw std::runtime_error(made.error());
  tls_ = std::move(*made);
  sockets_.resize(kMostSockets);
}

// 127.0.0.0 and the server's own 127.0.0.1 are left out.
Address Flood::next_source() noexcept {
  return Address::v4(kLoopback + 2 + sources_++ % 0xfffff0U, 0);
}

void Flood::begin_one() {
  Fd& place = sockets_[next_++ % kMostSockets];
  if (place) collect(place.get());
  place = {};
  const Address source = next_source();
  auto fd = make_socket(SocketKind::udp, source);
  if (!fd || !bind_socket(fd->get(), SocketKind::udp, source)) {
    ++counts_.failed;
    return;
  }
  place = std::move(*fd);
  Catcher catcher;
  quic::ClientConfig config;
  config.server_name = "localhost";
  auto client = quic::ClientConnection::make(
      config, bound_address(place.get()), server_, clock_, random_, catcher, *tls_,
      {h3::traits(limits_),
       [this](quic::QuicStreams& streams) { return h3::make_client_session(services_, streams); }});
  if (!client) throw std::runtime_error(std::string(client.error().detail));
  while ((*client)->flush(clock_.now())) {
  }
  ++counts_.clients;
  for (const auto& datagram : catcher.caught) {
    ++counts_.datagrams;
    const auto sent = sendto(place.get(), datagram.data(), datagram.size(), MSG_DONTWAIT,
                             server_.get(), server_.size());
    counts_.failed += sent < 0 ? 1U : 0U;
  }
}

void Flood::collect(int socket) {
  std::array<std::byte, 2048> buffer;
  for (;;) {
    const ssize_t size = recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0) return;
    ++counts_.answers;
    const std::span packet(buffer.data(), static_cast<std::size_t>(size));
    counts_.retries += is_retry(packet) ? 1U : 0U;
  }
}

void Flood::collect() {
  for (const Fd& socket : sockets_) {
    if (socket) collect(socket.get());
  }
}

bool Flood::served_without_retry(std::size_t clients, Duration limit) {
  collect();
  const Counts before = counts_;
  for (std::size_t i = 0; i < clients; ++i) begin_one();
  const TimePoint end = clock_.now() + limit;
  // The first answer of a server is all that counts, and there is at least one for each.
  while (counts_.answers - before.answers < clients && clock_.now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    collect();
  }
  return counts_.answers - before.answers >= clients && counts_.retries == before.retries;
}

}  // namespace troika::flood
