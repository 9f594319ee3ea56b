#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "tls/certificates/certificate_set.h"
#include "tls/ossl.h"

namespace troika::tls {

class KeyLog;
class ReplayRegister;
class TicketKeys;

// Whether clients present certificates (mTLS). Optional: a certificate that is presented must be
// valid.
enum class ClientAuth : std::uint8_t { none, optional, required };

struct ServerOptions {
  std::string cert_file{}, key_file{};  // PEM; the certificate file also contains the chain
  // Both belong to the process and outlive the contexts. Without keys a context makes its own,
  // without a register early data is refused.
  TicketKeys* ticket_keys = nullptr;
  ReplayRegister* replays = nullptr;
  std::uint32_t early_data_bytes = 16U << 10U;  // TCP: per client
  ClientAuth client_auth = ClientAuth::none;
  std::string client_ca_file{};        // PEM: the CAs of the clients' certificates
  CertificateSet::Ptr certificates{};  // if not null, used instead of the two files
  // Outlives the contexts. Null: secrets are not logged, whatever the environment says.
  KeyLog* key_log = nullptr;
  // The protocols that the server offers, the preferred one first. TCP: a client without ALPN is
  // accepted, and without a list ALPN is ignored. QUIC: a client without ALPN is refused (RFC 9001
  // §8.1). A client with no protocol of the list is refused (RFC 7301 §3.2).
  std::vector<std::string> alpn{};
};

// The SSL_CTX of one worker and one transport.
class ServerContext {
 public:
  // The error is a sentence that names the file.
  static Checked<std::unique_ptr<ServerContext>> make(TransportKind kind,
                                                      const ServerOptions& options);
  // A new SSL in accept state. For QUIC the caller attaches it to ngtcp2.
  SslPtr new_ssl() const;
  const CertificateSet& certificates() const noexcept { return **certificates_; }
  // For handshakes that begin from now on; existing connections are not affected.
  void use(CertificateSet::Ptr certificates) noexcept { *certificates_ = std::move(certificates); }

 private:
  ServerContext(SslContextPtr context, CertificateSet::Ptr& certificates)
      : context_(std::move(context)), certificates_(&certificates) {}
  SslContextPtr context_;
  CertificateSet::Ptr* certificates_;  // belongs to the SSL_CTX; what it points at is not null
};

// Which early data (0-RTT) a server accepts: what the register admits; none without a register or
// if clients present certificates. Otherwise the handshake goes on without early data.
bool allow_early_data(SSL_CTX* context, TransportKind kind, const ServerOptions& options);

}  // namespace troika::tls
