#pragma once
#include <openssl/ssl.h>

#include <string_view>

namespace troika::tls {

// Why SSL_do_handshake or SSL_read has failed, as static text; empties OpenSSL's queue.
std::string_view fault_of(const SSL* ssl) noexcept;

}  // namespace troika::tls
