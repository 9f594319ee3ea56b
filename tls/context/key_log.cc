#include "tls/context/key_log.h"

namespace troika::tls {
namespace {

int key_log_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

void on_line(const SSL* ssl, const char* text) {
  static_cast<KeyLog*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), key_log_index()))->line(text);
}

}  // namespace

bool install_key_log(SSL_CTX* context, KeyLog& log) {
  if (SSL_CTX_set_ex_data(context, key_log_index(), &log) != 1) return false;
  SSL_CTX_set_keylog_callback(context, on_line);
  return true;
}

}  // namespace troika::tls
