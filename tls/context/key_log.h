#pragma once
#include <openssl/ssl.h>

#include <string_view>

namespace troika::tls {

// Takes the secrets of connections, with which whoever has recorded them can read them. Called on
// the thread of each worker, and must not keep it waiting.
class KeyLog {
 public:
  virtual void line(std::string_view text) noexcept = 0;  // SSLKEYLOGFILE's format, no newline

 protected:
  ~KeyLog() = default;
};

// Every connection of that context is logged from now on; `log` outlives them.
bool install_key_log(SSL_CTX* context, KeyLog& log);

}  // namespace troika::tls
