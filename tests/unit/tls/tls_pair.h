#pragma once
// A TLS client and a TLS server over a pair of streams in memory, each with an observer that writes
// down what it is told.
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "certs/dev_ca.h"
#include "support/memory_stream.h"
#include "tls/context/client_context.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"
#include "tls/tickets/replay_register.h"
#include "tls/transport/tls_transport.h"

namespace troika::test {

using namespace std::chrono_literals;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "troika-tls-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

// Its wall time is what the test makes it.
class SetClock final : public Clock {
 public:
  explicit SetClock(WallTime wall) : time(wall) {}
  TimePoint now() const noexcept override { return TimePoint(1h); }
  WallTime wall() const noexcept override { return time; }
  WallTime time;
};

inline std::string file_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

// One certificate for the tests of this process; OpenSSL checks it against the real time.
inline const DevCertificate& test_certificate() {
  static const TemporaryFolder folder;
  static const DevCertificate made =
      ensure_dev_certificate(folder.path / "certs", {}, std::chrono::system_clock::now()).value();
  return made;
}

// As the program's.
inline std::vector<std::string> alpn_of(tls::TransportKind kind) {
  if (kind == tls::TransportKind::quic) return {"h3"};
  return {"h2", "http/1.1"};
}

inline tls::ServerOptions server_options(tls::TransportKind kind = tls::TransportKind::tcp) {
  const auto& files = test_certificate();
  return {.cert_file = files.cert_file, .key_file = files.key_file, .alpn = alpn_of(kind)};
}

// It takes early data, as the program's do: handshakes take another way through OpenSSL then.
inline std::unique_ptr<tls::ServerContext> server_context(
    tls::TransportKind kind = tls::TransportKind::tcp) {
  static const SystemClock clock;
  static tls::ReplayRegister replays(clock, 1000, 30s);
  tls::ServerOptions options = server_options(kind);
  options.replays = &replays;
  return tls::ServerContext::make(kind, options).value();
}

inline std::unique_ptr<tls::ClientContext> client_context(std::vector<std::string> alpn = {}) {
  return tls::ClientContext::make(tls::TransportKind::tcp, {"", std::move(alpn)}).value();
}

class Peer final : public Transport::Observer {
 public:
  ~Peer() {
    transport.reset();
    queue.clear();
    CHECK(pool.outstanding() == 0);
  }

  void open(std::unique_ptr<ByteStream> stream, tls::SslPtr made) {
    ssl = made.get();
    transport = tls::make_tls_transport(std::move(stream), std::move(made), scratch);
    transport->start(*this);
  }
  // As a connection's flush would; true when it sent something.
  bool flush(TimePoint now) {
    if (!transport || closed) return false;
    const std::size_t before = queue.size();
    writing = true;
    const Status written = transport->write(queue, now);
    writing = false;
    CHECK(scratch.bytes.empty());
    const bool flushed = transport->flush().has_value();
    if (!written || !flushed) failed = true;
    most_unsent = std::max(most_unsent, transport->unsent());
    return queue.size() < before;
  }

  void on_ready() override { note("ready"); }
  void on_handshake_done() override {
    CHECK(told("ready"));
    CHECK_FALSE(transport->security().handshaking);
    ++handshakes;
  }
  void on_bytes(std::span<const std::byte> bytes) override {
    note("bytes");
    if (handshakes == 0) {
      CHECK(transport->security().handshaking);
      early.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    CHECK(transport->security().encrypted);
    received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (stop_after_bytes) transport->set_reading(false);
  }
  void on_end() override { note("end"); }
  void on_writable() override { note("writable"); }
  void on_closed(Error why) override {
    note("closed");
    closed = why;
  }
  bool told(std::string_view event) const { return events.contains(event); }
  const SecurityInfo& security() const { return transport->security(); }

  BufferPool pool;
  OutputQueue queue{pool};
  tls::RecordScratch scratch;
  std::unique_ptr<Transport> transport;
  SSL* ssl = nullptr;
  std::string received, events;  // events: each kind in a row just once, "ready bytes end "
  std::string early;             // what of `received` came before the handshake was done
  unsigned handshakes = 0;
  std::optional<Error> closed;
  std::size_t most_unsent = 0;
  bool stop_after_bytes = false, writing = false, failed = false;

 private:
  void note(std::string_view event) {
    CHECK_FALSE(writing);
    CHECK_FALSE(closed);
    const std::string word = std::string(event) + " ";
    if (!events.ends_with(word)) events += word;
  }
};

// A record as it stands on the wire.
struct WireRecord {
  int type;
  std::size_t size;  // without the header of 5 bytes
};

inline std::vector<WireRecord> records_of(std::string_view wire) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(wire[i]); };
  std::vector<WireRecord> records;
  for (std::size_t at = 0; at + 5 <= wire.size();) {
    const std::size_t size = byte(at + 3) * 256U + byte(at + 4);
    records.push_back({byte(at), size});
    at += 5 + size;
  }
  return records;
}

struct SessionFree {
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
using Session = std::unique_ptr<SSL_SESSION, SessionFree>;

// An SSL keeps alive what it needs of its context.
struct TlsPair {
  explicit TlsPair(const tls::ServerContext& at_server = *server_context(),
                   tls::SslPtr at_client = client_context({"h2"})->new_ssl("localhost"))
      : client_ssl(std::move(at_client)) {
    server.open(link.open(End::server), at_server.new_ssl());
  }
  // The client sends its first flight, with early data if it may. Late, so that a test can change
  // its SSL first.
  void open_client() {
    client.open(link.open(End::client), std::move(client_ssl));
    client.flush(now);
  }
  bool run() {
    if (client_ssl) open_client();
    return link.run([this] {
      const bool at_client = client.flush(now);
      return server.flush(now) || at_client;
    });
  }
  bool shake_hands() { return run() && client.handshakes == 1 && server.handshakes == 1; }

  // What that end writes from now on.
  std::string& record(End end) {
    std::string& wire = wires[static_cast<std::size_t>(end)];
    link.sent_by(end).tap = [&wire](std::span<const std::byte> bytes) {
      wire.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    return wire;
  }
  // Copies, as OpenSSL marks the session of a connection that is not closed cleanly.
  Session session() const { return Session(SSL_SESSION_dup(SSL_get0_session(client.ssl))); }
  void offer(const Session& session) {
    const Session copy(SSL_SESSION_dup(session.get()));
    REQUIRE(SSL_set_session(client_ssl.get(), copy.get()) == 1);
  }

  std::array<std::string, 2> wires;  // outlive the link
  MemoryLink link;
  TimePoint now{1h};
  Peer client, server;
  tls::SslPtr client_ssl;
};

inline std::string random_text(std::size_t size, std::uint64_t seed) {
  std::string text(size, '\0');
  SeededRandom(seed).fill(std::as_writable_bytes(std::span(text)));
  return text;
}

}  // namespace troika::test
