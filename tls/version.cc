#include "tls/version.h"

#include <openssl/crypto.h>

namespace troika::tls {

std::string library_version() { return OpenSSL_version(OPENSSL_VERSION); }

}  // namespace troika::tls
