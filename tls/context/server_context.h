#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "tls/certificates/certificate_set.h"
#include "tls/context/client_auth.h"
#include "tls/context/context.h"

namespace troika::tls {

class KeyLog;
class ReplayRegister;
class TicketKeys;

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

// Which early data (0-RTT) a server takes: none without a register or from clients that are to
// show certificates, else what the register admits. The rest is ordinary handshakes.
bool allow_early_data(SSL_CTX* context, Wire wire, const ServerOptions& options);

}  // namespace troika::tls
