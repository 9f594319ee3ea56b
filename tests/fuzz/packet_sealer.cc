#include "fuzz/packet_sealer.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>

#include "fuzz/cases.h"

namespace troika::fuzz {
namespace {

constexpr std::size_t kNumber = 4, kTag = 16;

// HKDF-Expand-Label (RFC 8446 §7.1).
void expand(std::span<const unsigned char> secret, std::string label,
            std::span<unsigned char> into) {
  static EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "TLS13-KDF", nullptr);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kdf),
                                                                          &EVP_KDF_CTX_free);
  std::string digest = "SHA256", mode = "EXPAND_ONLY", prefix = "tls13 ";
  std::vector<unsigned char> key(secret.begin(), secret.end());
  const std::array params{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, mode.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX, prefix.data(), prefix.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, label.data(), label.size()),
      OSSL_PARAM_construct_end()};
  require(EVP_KDF_derive(context.get(), into.data(), into.size(), params.data()) == 1);
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
Cipher cipher() { return {EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free}; }

}  // namespace

PacketSealer::PacketSealer(std::span<const unsigned char> secret) {
  require(secret.size() == 32, "the secret is one of SHA-256");
  expand(secret, "quic key", key_);
  expand(secret, "quic iv", iv_);
  expand(secret, "quic hp", header_key_);
}

std::vector<std::byte> PacketSealer::seal(std::span<const std::byte> destination,
                                          std::uint32_t number, const std::string& payload) const {
  const std::size_t header = 1 + destination.size() + kNumber;
  const std::size_t content = std::max<std::size_t>(payload.size(), 4);  // PADDING
  std::vector<unsigned char> packet(header + content + kTag);
  packet[0] = 0x43;  // a fixed bit, and four bytes of packet number
  std::ranges::transform(destination, packet.begin() + 1,
                         [](std::byte byte) { return std::to_integer<unsigned char>(byte); });
  auto nonce = iv_;
  for (std::size_t i = 0; i < kNumber; ++i) {
    const auto byte = static_cast<unsigned char>(number >> (24 - 8 * i));
    packet[1 + destination.size() + i] = byte;
    nonce[nonce.size() - kNumber + i] ^= byte;
  }
  std::ranges::copy(payload, packet.begin() + static_cast<std::ptrdiff_t>(header));

  const Cipher aead = cipher();
  int size = 0;
  unsigned char* const at = packet.data() + header;
  require(EVP_EncryptInit_ex(aead.get(), EVP_aes_128_gcm(), nullptr, key_.data(), nonce.data()) ==
          1);
  EVP_EncryptUpdate(aead.get(), nullptr, &size, packet.data(), static_cast<int>(header));
  EVP_EncryptUpdate(aead.get(), at, &size, at, static_cast<int>(content));
  EVP_EncryptFinal_ex(aead.get(), at + content, &size);
  EVP_CIPHER_CTX_ctrl(aead.get(), EVP_CTRL_AEAD_GET_TAG, kTag, at + content);

  const Cipher mask_maker = cipher();  // RFC 9001 §5.4.3
  std::array<unsigned char, 32> mask{};
  require(EVP_EncryptInit_ex(mask_maker.get(), EVP_aes_128_ecb(), nullptr, header_key_.data(),
                             nullptr) == 1);
  EVP_EncryptUpdate(mask_maker.get(), mask.data(), &size, at, 16);  // four bytes after the number
  packet[0] = static_cast<unsigned char>(packet[0] ^ (mask[0] & 0x1fU));
  for (std::size_t i = 0; i < kNumber; ++i) packet[1 + destination.size() + i] ^= mask[1 + i];
  const auto bytes = std::as_bytes(std::span(packet));
  return {bytes.begin(), bytes.end()};
}

}  // namespace troika::fuzz
