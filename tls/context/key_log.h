#pragma once
#include <openssl/ssl.h>

#include <string_view>

namespace troika::tls {

// Receives the secrets of connections: whoever has them can read a recording of the connections.
// Called on the thread of each worker; must not block.
class KeyLog {
 public:
  virtual void line(std::string_view text) noexcept = 0;  // SSLKEYLOGFILE's format, no newline

 protected:
  ~KeyLog() = default;
};

// All connections of the context are logged from now on. `log` outlives them.
inline bool install_key_log(SSL_CTX* context, KeyLog& log) {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  if (SSL_CTX_set_ex_data(context, index, &log) != 1) return false;
  SSL_CTX_set_keylog_callback(context, [](const SSL* ssl, const char* text) {
    static_cast<KeyLog*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), index))->line(text);
  });
  return true;
}

}  // namespace troika::tls
