#include "tls/context/client_auth.h"
#include "tls/context/context.h"

namespace troika::tls {
namespace {

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : text; }

}  // namespace

SecurityInfo describe(const SSL* ssl) {
  SecurityInfo info;
  info.encrypted = true;
  const unsigned char* alpn = nullptr;
  unsigned int alpn_size = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
  if (alpn_size > 0) info.alpn.assign(reinterpret_cast<const char*>(alpn), alpn_size);
  info.server_name = text_or_empty(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  info.version = text_or_empty(SSL_get_version(ssl));
  info.cipher = text_or_empty(SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)));
  info.group = text_or_empty(SSL_get0_group_name(const_cast<SSL*>(ssl)));
  info.client_name = client_name(ssl);
  info.resumed = SSL_session_reused(ssl) == 1;
  info.early_data = SSL_get_early_data_status(ssl) == SSL_EARLY_DATA_ACCEPTED;
  return info;
}

}  // namespace troika::tls
