#include "tls/ossl.h"

#include <openssl/err.h>

#include <array>
#include <system_error>

namespace troika::tls {

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

std::string library_version() { return OpenSSL_version(OPENSSL_VERSION); }

}  // namespace troika::tls
