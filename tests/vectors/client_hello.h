#pragma once
// ClientHellos of TLS 1.3 as OpenSSL writes them, with transport parameters of QUIC made by hand.
#include <optional>
#include <string>

namespace troika::vectors {

struct Hello {
  std::optional<std::string> parameters;  // RFC 9000 §18, as they are; none: no such extension
  std::string alpn = "\x02h3";            // of RFC 7301 §3.1; empty: none
  const char* groups = "X25519";          // with a share for the first
  const char* ciphers = nullptr;          // of TLS 1.3; null: OpenSSL's
  const char* signatures = nullptr;       // null: OpenSSL's
  bool tls12 = false;                     // at most
  bool compatible = false;                // with a session id, as for middleboxes
};

std::string client_hello(const Hello& hello);  // the message, as it stands in CRYPTO frames

}  // namespace troika::vectors
