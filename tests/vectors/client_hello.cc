#include "client_hello.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <catch2/catch_test_macros.hpp>

#include "tls/ossl.h"

namespace troika::vectors {
namespace {

constexpr unsigned kTransportParameters = 0x39;  // RFC 9001 §8.2
constexpr std::size_t kRecordHeader = 5;

int add_text(SSL*, unsigned, unsigned, const unsigned char** out, std::size_t* size, X509*,
             std::size_t, int*, void* text) {
  const auto& bytes = *static_cast<const std::string*>(text);
  *out = reinterpret_cast<const unsigned char*>(bytes.data());
  *size = bytes.size();
  return 1;
}

}  // namespace

std::string client_hello(const Hello& hello) {
  const tls::SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const raw = context.get();
  if (!hello.compatible) SSL_CTX_clear_options(raw, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  if (hello.tls12) {
    SSL_CTX_set_max_proto_version(raw, TLS1_2_VERSION);
  } else {
    SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION);
  }
  REQUIRE(SSL_CTX_set1_groups_list(raw, hello.groups) == 1);
  if (hello.ciphers != nullptr) REQUIRE(SSL_CTX_set_ciphersuites(raw, hello.ciphers) == 1);
  if (hello.signatures != nullptr) REQUIRE(SSL_CTX_set1_sigalgs_list(raw, hello.signatures) == 1);
  if (hello.parameters) {
    REQUIRE(SSL_CTX_add_custom_ext(raw, kTransportParameters, SSL_EXT_CLIENT_HELLO, add_text,
                                   nullptr, const_cast<std::string*>(&*hello.parameters), nullptr,
                                   nullptr) == 1);
  }
  const tls::SslPtr ssl(SSL_new(raw));
  if (!hello.alpn.empty()) {
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(hello.alpn.data()),
                        static_cast<unsigned>(hello.alpn.size()));
  }
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(ssl.get());
  SSL_do_handshake(ssl.get());
  std::string record(2000, '\0');
  const int size =
      BIO_read(SSL_get_wbio(ssl.get()), record.data(), static_cast<int>(record.size()));
  REQUIRE(size > static_cast<int>(kRecordHeader));
  return record.substr(kRecordHeader, static_cast<std::size_t>(size) - kRecordHeader);
}

}  // namespace troika::vectors
