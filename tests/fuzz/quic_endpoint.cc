// Raw datagrams at an endpoint, without any keys but those of Initial packets, which everybody can
// derive. Whatever comes: no more than three times the bytes go back to an address, no answer to
// what cannot be a packet, and in the end nothing is left.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "fuzz/cases.h"
#include "proto/quic/endpoint.h"
#include "support/sim_network.h"
#include "support/test_cert.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"

namespace troika {
namespace {

using namespace std::chrono_literals;
using fuzz::require;

constexpr std::size_t kAddresses = 4;

Address address(std::size_t i) {
  return Address::v4(0x0a000100 + static_cast<std::uint32_t>(i), 4000);
}

// Counts by address what goes each way.
class Balance final : public DatagramSink {
 public:
  void received(std::size_t i, std::size_t bytes) { in_[i] += bytes; }
  SendOutcome send(const Datagram& datagram) override {
    std::size_t i = 0;
    while (i < kAddresses && !(address(i) == datagram.remote)) ++i;
    require(i < kAddresses);
    out_[i] += datagram.bytes.size();
    require(out_[i] <= 3 * in_[i]);
    return SendOutcome::sent;
  }

 private:
  std::array<std::size_t, kAddresses> in_{}, out_{};
};

// No handshake can complete, so no stream can carry anything.
class Mute final : public quic::QuicApplication {
 public:
  Status on_ready() override { return {}; }
  Status on_handshake_done(TimePoint) override { std::abort(); }
  Status on_data(quic::StreamId, std::span<const std::byte>, bool, bool, TimePoint) override {
    std::abort();
  }
  Status on_acked(quic::StreamId, std::uint64_t) override { return {}; }
  Status on_reset(quic::StreamId, quic::AppError) override { return {}; }
  Status on_stop_sending(quic::StreamId, quic::AppError) override { return {}; }
  Status on_stream_closed(quic::StreamId, std::optional<quic::AppError>) override { return {}; }
  Status apply(TimePoint) override { return {}; }
  Result<quic::StreamWrite> next_write() override { return quic::StreamWrite{}; }
  Status wrote(quic::StreamId, std::size_t, TimePoint) override { return {}; }
  void blocked(quic::StreamId) override {}
  Status on_writable(quic::StreamId) override { return {}; }
  Status shut(quic::StreamId) override { return {}; }
  quic::AppError close_code() const noexcept override { return 0; }
  TimePoint deadline() const noexcept override { return kNever; }
  void on_deadline(TimePoint) override {}
  void drain() override {}
  bool finished() const noexcept override { return true; }
  bool idle() const noexcept override { return true; }
  void abort(std::optional<quic::AppError>) noexcept override {}
};

const tls::ServerContext& context() {
  static const auto made = tls::ServerContext::make(tls::TransportKind::quic,
                                                    {.cert_file = test::TestCert::get().cert_file(),
                                                     .key_file = test::TestCert::get().key_file(),
                                                     .alpn = {"h3"}});
  require(made.has_value());
  return **made;
}

void flush(quic::Endpoint& endpoint, TimePoint now) {
  for (int i = 0; i < 1000; ++i) {
    if (!endpoint.flush(now)) return;
  }
  std::abort();  // it would go on for ever
}

// Time goes on with nothing coming in: everything times out.
void run_out(quic::Endpoint& endpoint, sim::SimClock& clock) {
  for (int i = 0; i < 10000 && endpoint.deadline() != kNever; ++i) {
    clock.advance_to(endpoint.deadline());
    endpoint.on_deadline(clock.now());
    flush(endpoint, clock.now());
  }
  require(endpoint.objects() == 0);
}

}  // namespace
}  // namespace troika

// The input: for each datagram two bytes of length, one of how it comes, then its bytes. The first
// one's also says whether there is Retry from the beginning.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace troika;
  sim::SimClock clock;
  SeededRandom random(1);
  Balance balance;
  quic::EndpointConfig config;
  config.streams_bidi = 100;
  config.stream_window = 256U << 10U;
  config.connection_window = 1U << 20U;
  config.half_open = 4;
  config.retry_above = size >= 3 && (data[2] & 0x80U) != 0 ? 0 : 100;
  quic::Endpoint endpoint(
      config, clock, random, balance, context(),
      {{.alpn = "h3", .no_error = 0x100, .excessive_load = 0x107, .uni_streams = 3},
       [](quic::QuicStreams&) { return std::make_unique<Mute>(); }});
  const Address local = Address::v4(0x0a000001, 443);
  auto rest = std::as_bytes(std::span(data, size));
  while (rest.size() >= 3) {
    const auto at = [&rest](std::size_t i) { return std::to_integer<std::size_t>(rest[i]); };
    const std::size_t how = at(2);
    const std::size_t bytes = std::min(at(0) << 8U | at(1), rest.size() - 3);
    balance.received(how % kAddresses, bytes);
    endpoint.receive({.local = local,
                      .remote = address(how % kAddresses),
                      .bytes = rest.subspan(3, bytes),
                      .segment_bytes = (how & 0x10U) != 0 ? std::size_t{1200} : 0},
                     clock.now());
    rest = rest.subspan(3 + bytes);
    if ((how & 0x20U) != 0) flush(endpoint, clock.now());
    if ((how & 0x40U) != 0) {
      clock.advance_to(clock.now() + 1s);
      endpoint.on_deadline(clock.now());
    }
  }
  flush(endpoint, clock.now());
  run_out(endpoint, clock);
  return 0;
}
