#include "tls_pair.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/random.h"
#include "tls/tickets/replay_register.h"

namespace troika::test {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "troika-tls-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  path = name;
}
TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(path); }

std::string file_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_file(const std::filesystem::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}
const DevCertificate& test_certificate() {
  static const TemporaryFolder folder;
  static const DevCertificate made =
      ensure_dev_certificate(folder.path / "certs", {}, std::chrono::system_clock::now()).value();
  return made;
}
std::vector<std::string> alpn_of(tls::TransportKind kind) {
  if (kind == tls::TransportKind::quic) return {"h3"};
  return {"h2", "http/1.1"};
}
tls::ServerOptions server_options(tls::TransportKind kind) {
  const auto& files = test_certificate();
  return {.cert_file = files.cert_file, .key_file = files.key_file, .alpn = alpn_of(kind)};
}
std::unique_ptr<tls::ServerContext> server_context(tls::TransportKind kind) {
  static const SystemClock clock;
  static tls::ReplayRegister replays(clock, 1000, 30s);
  tls::ServerOptions options = server_options(kind);
  options.replays = &replays;
  return tls::ServerContext::make(kind, options).value();
}
std::unique_ptr<tls::ClientContext> client_context(std::vector<std::string> alpn) {
  return tls::ClientContext::make(tls::TransportKind::tcp,
                                  {.alpn = std::move(alpn), .verify = false})
      .value();
}

Peer::~Peer() {
  transport.reset();
  queue.clear();
  CHECK(pool.outstanding() == 0);
}
void Peer::open(std::unique_ptr<ByteStream> stream, tls::SslPtr made) {
  ssl = made.get();
  transport = tls::make_tls_transport(std::move(stream), std::move(made), scratch);
  transport->start(*this);
}
bool Peer::flush(TimePoint now) {
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
void Peer::on_handshake_done() {
  CHECK(told("ready"));
  CHECK_FALSE(transport->security().handshaking);
  ++handshakes;
}
void Peer::on_bytes(std::span<const std::byte> bytes) {
  note("bytes");
  if (handshakes == 0) {
    CHECK(transport->security().handshaking);
    early.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  CHECK(transport->security().encrypted);
  received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (stop_after_bytes) transport->set_reading(false);
}
void Peer::on_closed(Error why) {
  note("closed");
  closed = why;
}
void Peer::note(std::string_view event) {
  CHECK_FALSE(writing);
  CHECK_FALSE(closed);
  const std::string word = std::string(event) + " ";
  if (!events.ends_with(word)) events += word;
}

std::vector<WireRecord> records_of(std::string_view wire) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(wire[i]); };
  std::vector<WireRecord> records;
  for (std::size_t at = 0; at + 5 <= wire.size();) {
    const std::size_t size = byte(at + 3) * 256U + byte(at + 4);
    records.push_back({byte(at), size});
    at += 5 + size;
  }
  return records;
}

TlsPair::TlsPair(const tls::ServerContext& at_server, tls::SslPtr at_client)
    : client_ssl(std::move(at_client)) {
  server.open(link.open(End::server), at_server.new_ssl());
}
void TlsPair::open_client() {
  client.open(link.open(End::client), std::move(client_ssl));
  client.flush(now);
}
bool TlsPair::run() {
  if (client_ssl) open_client();
  return link.run([this] {
    const bool at_client = client.flush(now);
    return server.flush(now) || at_client;
  });
}
std::string& TlsPair::record(End end) {
  std::string& wire = wires[static_cast<std::size_t>(end)];
  link.sent_by(end).tap = [&wire](std::span<const std::byte> bytes) {
    wire.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  return wire;
}
Session TlsPair::session() const { return Session(SSL_SESSION_dup(SSL_get0_session(client.ssl))); }
void TlsPair::offer(const Session& session) {
  const Session copy(SSL_SESSION_dup(session.get()));
  REQUIRE(SSL_set_session(client_ssl.get(), copy.get()) == 1);
}

std::string random_text(std::size_t size, std::uint64_t seed) {
  std::string text(size, '\0');
  SeededRandom(seed).fill(std::as_writable_bytes(std::span(text)));
  return text;
}

}  // namespace troika::test
