#include "tls/tickets/derive.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cstdlib>
#include <memory>

namespace troika::tls {
namespace {

struct KdfFree {
  void operator()(EVP_KDF* kdf) const noexcept { EVP_KDF_free(kdf); }
};
struct KdfContextFree {
  void operator()(EVP_KDF_CTX* context) const noexcept { EVP_KDF_CTX_free(context); }
};

// OpenSSL reads the bytes of a parameter only, but takes them as its own type.
OSSL_PARAM bytes_param(const char* name, const void* bytes, std::size_t size) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<void*>(bytes), size);
}

}  // namespace

void derive(std::span<const std::byte> key, std::string_view label, std::span<std::byte> into) {
  const std::unique_ptr<EVP_KDF, KdfFree> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, KdfContextFree> context(EVP_KDF_CTX_new(kdf.get()));
  std::array<char, 7> digest{"SHA256"};
  const std::array<OSSL_PARAM, 4> params{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      bytes_param(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
      bytes_param(OSSL_KDF_PARAM_INFO, label.data(), label.size()), OSSL_PARAM_construct_end()};
  const bool done =
      context && EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(into.data()),
                                into.size(), params.data()) == 1;
  if (!done) std::abort();  // as without randomness: nothing would be secret
}

}  // namespace troika::tls
