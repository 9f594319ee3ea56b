#include "tls/context/alpn.h"

#include <array>
#include <span>
#include <string_view>

namespace troika::tls {
namespace {

constexpr std::array<std::string_view, 2> kTcpProtocols{"h2", "http/1.1"};
constexpr std::array<std::string_view, 1> kQuicProtocols{"h3"};

// The place of `protocol` in the list of length-prefixed names that the client sent.
const unsigned char* find_offered(std::span<const unsigned char> offered,
                                  std::string_view protocol) {
  while (!offered.empty()) {
    const std::size_t size = offered.front();
    if (size >= offered.size()) return nullptr;
    const auto name = offered.subspan(1, size);
    if (std::string_view(reinterpret_cast<const char*>(name.data()), size) == protocol) {
      return name.data();
    }
    offered = offered.subspan(1 + size);
  }
  return nullptr;
}

int select(std::span<const std::string_view> ours, const unsigned char** out,
           unsigned char* out_size, std::span<const unsigned char> offered) {
  for (const std::string_view protocol : ours) {
    if (const unsigned char* place = find_offered(offered, protocol)) {
      *out = place;
      *out_size = static_cast<unsigned char>(protocol.size());
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;  // OpenSSL makes it no_application_protocol
}

int select_tcp(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
               unsigned int in_size, void*) {
  return select(kTcpProtocols, out, out_size, {in, in_size});
}

int select_quic(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned int in_size, void*) {
  return select(kQuicProtocols, out, out_size, {in, in_size});
}

// OpenSSL asks the selection above only of a client that offers something.
int require_alpn(SSL* ssl, int* alert, void*) {
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &bytes,
                                &size) == 1) {
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
  return SSL_CLIENT_HELLO_ERROR;
}

}  // namespace

void install_server_alpn(SSL_CTX* context, Wire wire) {
  SSL_CTX_set_alpn_select_cb(context, wire == Wire::tcp ? select_tcp : select_quic, nullptr);
  if (wire == Wire::quic) SSL_CTX_set_client_hello_cb(context, require_alpn, nullptr);
}

}  // namespace troika::tls
