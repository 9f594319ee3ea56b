#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "tls/ossl.h"

namespace troika::tls {

struct ClientOptions {
  std::string ca_file{};                // PEM; empty: the CAs that the system trusts
  std::vector<std::string> alpn;        // tcp: {"h2", "http/1.1"}; quic: {"h3"}
  std::string cert_file{}, key_file{};  // presented to a server that asks; empty: none
  // Called with the serial number (hex) of each valid server certificate.
  std::function<void(const std::string& serial)> on_server_certificate{};
  // As for SSL_CTX_set1_groups_list(), with a '*' before those that a share is sent for; empty: the
  // groups of the server.
  std::string groups{};
  std::string ciphers{};  // of TLS 1.3, likewise: "TLS_CHACHA20_POLY1305_SHA256"
  bool verify = true;     // false: any certificate will do, and ca_file is not used
};

class ClientContext {
 public:
  static Checked<std::unique_ptr<ClientContext>> make(TransportKind kind,
                                                      const ClientOptions& options);
  // A new SSL in connect state, with SNI and host name check for `server_name` (an IP literal is
  // checked as such and sends no SNI). With `resumption`, from resumption_of() an earlier one, it
  // resumes that session if it can.
  SslPtr new_ssl(const std::string& server_name, std::span<const std::byte> resumption = {}) const;

 private:
  ClientContext(SslContextPtr context, ClientOptions options)
      : context_(std::move(context)), options_(std::move(options)) {}

  SslContextPtr context_;
  ClientOptions options_;
};

}  // namespace troika::tls
