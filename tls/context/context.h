#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/transport.h"
#include "tls/certificates/certificate_set.h"
#include "tls/ossl.h"

namespace troika::tls {

// TCP and QUIC have contexts of their own, so that a session never crosses from one to the other.
enum class Wire { tcp, quic };

class KeyLog;
class ReplayRegister;
class TicketKeys;

// Whether clients show certificates of their own (mTLS). Optional: one that is shown must be good.
enum class ClientAuth : std::uint8_t { none, optional, required };

struct ServerOptions {
  std::string cert_file{}, key_file{};  // PEM; the file of the certificate holds its chain too
  // Both of the process, and outlive the contexts. Without keys a context has its own, without a
  // register early data is refused.
  TicketKeys* ticket_keys = nullptr;
  ReplayRegister* replays = nullptr;
  std::uint32_t early_data_bytes = 16U << 10U;  // TCP: of one client
  ClientAuth client_auth = ClientAuth::none;
  std::string client_ca_file{};        // PEM; whose certificates clients show
  CertificateSet::Ptr certificates{};  // not null: instead of the two files
  // Outlives the contexts; null: secrets stay secret, whatever the environment says.
  KeyLog* key_log = nullptr;
};

// One SSL_CTX for one worker and one transport.
class ServerContext {
 public:
  // The error is a sentence that names the file.
  static Checked<std::unique_ptr<ServerContext>> make(Wire wire, const ServerOptions& options);
  // A new SSL in accept state; for QUIC the caller goes on with the ngtcp2 calls.
  SslPtr new_ssl() const;
  const CertificateSet& certificates() const noexcept { return **certificates_; }
  // For handshakes that begin from now on; other connections go on as they are.
  void use(CertificateSet::Ptr certificates) noexcept { *certificates_ = std::move(certificates); }

 private:
  ServerContext(SslContextPtr context, CertificateSet::Ptr& certificates)
      : context_(std::move(context)), certificates_(&certificates) {}
  SslContextPtr context_;
  CertificateSet::Ptr* certificates_;  // of the SSL_CTX; what it points at is not null
};

struct ClientOptions {
  std::string ca_file;            // empty: the peer is not verified (tests and load runs only)
  std::vector<std::string> alpn;  // tcp: {"h2", "http/1.1"}; quic: {"h3"}
  std::string cert_file{}, key_file{};  // what is shown to a server that asks; empty: nothing
  // Called with the serial number (hex) of each good certificate that a server shows.
  std::function<void(const std::string& serial)> on_server_certificate{};
  // As SSL_CTX_set1_groups_list() takes them, a '*' before those that a share is sent for; empty:
  // those of the server.
  std::string groups{};
  std::string ciphers{};  // of TLS 1.3, likewise: "TLS_CHACHA20_POLY1305_SHA256"
};

class ClientContext {
 public:
  static Checked<std::unique_ptr<ClientContext>> make(Wire wire, const ClientOptions& options);
  // A new SSL in connect state, with SNI and host name check for `server_name` (an IP literal is
  // checked as such and sends no SNI). With `resumption`, from resumption_of() an earlier one, it
  // resumes that session if it can.
  SslPtr new_ssl(const std::string& server_name, std::span<const std::byte> resumption = {}) const;

 private:
  ClientContext(SslContextPtr context, ClientOptions options)
      : context_(std::move(context)), options_(std::move(options)) {}
  bool verifies() const noexcept { return !options_.ca_file.empty(); }

  SslContextPtr context_;
  ClientOptions options_;
};

// What was agreed on; complete once the handshake is.
SecurityInfo describe(const SSL* ssl);

}  // namespace troika::tls
