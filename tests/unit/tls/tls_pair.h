#pragma once
// A TLS client and a TLS server over a pair of streams in memory, each with an observer that writes
// down what it is told.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "certs/dev_ca.h"
#include "support/memory_stream.h"
#include "tls/context/client_context.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"
#include "tls/transport/tls_transport.h"

namespace troika::test {

using namespace std::chrono_literals;

class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  std::filesystem::path path;
};

// Its wall time is what the test makes it.
class SetClock final : public Clock {
 public:
  explicit SetClock(WallTime wall) : time(wall) {}
  TimePoint now() const noexcept override { return monotonic; }
  WallTime wall() const noexcept override { return time; }
  TimePoint monotonic{1h};
  WallTime time;
};

std::string file_text(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, std::string_view text);

// One certificate for the tests of this process; OpenSSL checks it against the real time.
const DevCertificate& test_certificate();

// As the program's.
std::vector<std::string> alpn_of(tls::TransportKind kind);
tls::ServerOptions server_options(tls::TransportKind kind = tls::TransportKind::tcp);

// It takes early data, as the program's do: handshakes take another way through OpenSSL then.
std::unique_ptr<tls::ServerContext> server_context(
    tls::TransportKind kind = tls::TransportKind::tcp);
std::unique_ptr<tls::ClientContext> client_context(std::vector<std::string> alpn = {});

class Peer final : public Transport::Observer {
 public:
  ~Peer();

  void open(std::unique_ptr<ByteStream> stream, tls::SslPtr made);
  // As a connection's flush would; true when it sent something.
  bool flush(TimePoint now);

  void on_ready() override { note("ready"); }
  void on_handshake_done() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end() override { note("end"); }
  void on_writable() override { note("writable"); }
  void on_closed(Error why) override;
  bool told(std::string_view event) const { return events.contains(event); }
  const SecurityInfo& security() const { return transport->security(); }

  BufferPool pool;
  OutputQueue queue{pool};
  SetClock clock{WallTime{}};
  tls::RecordScratch scratch{clock};
  std::unique_ptr<Transport> transport;
  SSL* ssl = nullptr;
  std::string received, events;  // events: each kind in a row just once, "ready bytes end "
  std::string early;             // what of `received` came before the handshake was done
  unsigned handshakes = 0;
  std::optional<Error> closed;
  std::size_t most_unsent = 0;
  bool stop_after_bytes = false, writing = false, failed = false;

 private:
  void note(std::string_view event);
};

// A record as it stands on the wire.
struct WireRecord {
  int type;
  std::size_t size;  // without the header of 5 bytes
};

std::vector<WireRecord> records_of(std::string_view wire);

struct SessionFree {
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
using Session = std::unique_ptr<SSL_SESSION, SessionFree>;

// An SSL keeps alive what it needs of its context.
struct TlsPair {
  explicit TlsPair(const tls::ServerContext& at_server = *server_context(),
                   tls::SslPtr at_client = client_context({"h2"})->new_ssl("localhost"));
  // The client sends its first flight, with early data if it may. Late, so that a test can change
  // its SSL first.
  void open_client();
  bool run();
  bool shake_hands() { return run() && client.handshakes == 1 && server.handshakes == 1; }

  // What that end writes from now on.
  std::string& record(End end);
  // Copies, as OpenSSL marks the session of a connection that is not closed cleanly.
  Session session() const;
  void offer(const Session& session);

  std::array<std::string, 2> wires;  // outlive the link
  MemoryLink link;
  TimePoint now{1h};
  Peer client, server;
  tls::SslPtr client_ssl;
};

std::string random_text(std::size_t size, std::uint64_t seed);

}  // namespace troika::test
