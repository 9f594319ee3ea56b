#pragma once
#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>

#include "base/error.h"

// OpenSSL types and errors for all of tls.
namespace troika::tls {

struct SslFree {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};
struct SslContextFree {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;
using SslContextPtr = std::unique_ptr<SSL_CTX, SslContextFree>;

// Bytes that OpenSSL holds for one connection of a server after its handshake: over TCP without and
// with the buffers of BusyConnections, and for QUIC. They are charged as they stand, as OpenSSL has
// one allocator for the process. tests/counts measures them: malloc_usable_size() of what the
// worker's thread has allocated for OpenSSL and not freed, in TLS 1.3 with an ECDSA certificate:
// rounded up here.
inline constexpr std::size_t kIdleMemory = 28U << 10U, kBusyMemory = 61U << 10U,
                             kQuicMemory = 24U << 10U;

// The first error in OpenSSL's queue, as text. Empties the queue.
std::string ossl_error();
std::string library_version();  // "OpenSSL 3.5.9 29 Sep 2026", as linked at run time

// TCP and QUIC have separate contexts, so that a session of one is never used on the other.
enum class TransportKind { tcp, quic };

// The settings of both sides: versions, ciphers, groups, modes.
Checked<SslContextPtr> make_context(const SSL_METHOD* method, TransportKind kind);

}  // namespace troika::tls
