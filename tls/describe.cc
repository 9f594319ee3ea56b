#include <openssl/err.h>

#include <array>
#include <system_error>

#include "tls/context.h"

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
  info.resumed = SSL_session_reused(ssl) == 1;
  info.early_data = SSL_get_early_data_status(ssl) == SSL_EARLY_DATA_ACCEPTED;
  return info;
}

std::string ossl_error() {
  const char* data = nullptr;
  int flags = 0;
  const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags);
  if (code == 0) return "no further detail";
  std::string text;
  if (ERR_SYSTEM_ERROR(code)) {
    text = std::generic_category().message(ERR_GET_REASON(code));
  } else if (const char* reason = ERR_reason_error_string(code)) {
    text = reason;
  } else {
    std::array<char, 256> buffer{};
    ERR_error_string_n(code, buffer.data(), buffer.size());
    text = buffer.data();
  }
  if ((flags & ERR_TXT_STRING) != 0 && data != nullptr && *data != '\0') {
    text.append(": ").append(data);
  }
  ERR_clear_error();
  return text;
}

}  // namespace troika::tls
