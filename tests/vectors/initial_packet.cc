#include "initial_packet.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/evp.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <memory>

namespace troika::vectors {
namespace {

using Key = std::array<std::uint8_t, 16>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

constexpr std::size_t kTag = 16, kSample = 16;

const std::uint8_t* octets(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

// HKDF-Expand-Label of TLS 1.3 (RFC 8446 §7.1) without a context.
std::string expand(const std::string& secret, std::string_view label, std::size_t size) {
  ngtcp2_crypto_md md;
  ngtcp2_crypto_md_init(&md, const_cast<EVP_MD*>(EVP_sha256()));
  const std::string full = "tls13 " + std::string(label);
  const std::string info =
      std::string(1, '\0') + static_cast<char>(size) + static_cast<char>(full.size()) + full + '\0';
  std::string out(size, '\0');
  REQUIRE(ngtcp2_crypto_hkdf_expand(reinterpret_cast<std::uint8_t*>(out.data()), size, &md,
                                    octets(secret), secret.size(), octets(info), info.size()) == 0);
  return out;
}

struct Keys {
  explicit Keys(bool of_client) {
    using std::string_view_literals::operator""sv;
    constexpr std::string_view kSalt =
        "\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a"sv;
    ngtcp2_crypto_md md;
    ngtcp2_crypto_md_init(&md, const_cast<EVP_MD*>(EVP_sha256()));
    std::string initial(32, '\0');
    REQUIRE(ngtcp2_crypto_hkdf_extract(reinterpret_cast<std::uint8_t*>(initial.data()), &md,
                                       reinterpret_cast<const std::uint8_t*>(kClientsChoice.data()),
                                       kClientsChoice.size(), octets(kSalt), kSalt.size()) == 0);
    const std::string secret = expand(initial, of_client ? "client in" : "server in", 32);
    key = expand(secret, "quic key", 16);
    iv = expand(secret, "quic iv", 12);
    protection = expand(secret, "quic hp", 16);
  }
  std::string nonce(std::uint32_t number) const {
    std::string text = iv;
    for (std::size_t i = 0; i < 4; ++i) {
      text[11 - i] =
          static_cast<char>(static_cast<unsigned char>(text[11 - i]) ^ (number >> (8 * i) & 0xffU));
    }
    return text;
  }
  Key mask(const std::uint8_t* sample) const {
    const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    std::array<std::uint8_t, 32> out{};
    int size = 0;
    EVP_EncryptInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, octets(protection), nullptr);
    REQUIRE(EVP_EncryptUpdate(context.get(), out.data(), &size, sample, kSample) == 1);
    Key first;
    std::copy_n(out.begin(), first.size(), first.begin());
    return first;
  }

  std::string key, iv, protection;
};

std::string encrypted(const Keys& keys, std::uint32_t number, const std::string& head,
                      const std::string& text) {
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  std::string out(text.size() + kTag, '\0');
  auto* const to = reinterpret_cast<std::uint8_t*>(out.data());
  int size = 0;
  EVP_EncryptInit_ex(context.get(), EVP_aes_128_gcm(), nullptr, octets(keys.key),
                     octets(keys.nonce(number)));
  EVP_EncryptUpdate(context.get(), nullptr, &size, octets(head), static_cast<int>(head.size()));
  EVP_EncryptUpdate(context.get(), to, &size, octets(text), static_cast<int>(text.size()));
  EVP_EncryptFinal_ex(context.get(), to + size, &size);
  REQUIRE(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTag, to + text.size()) == 1);
  return out;
}

std::optional<std::string> decrypted(const Keys& keys, std::uint32_t number,
                                     const std::string& head, std::string text) {
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const std::size_t plain = text.size() - kTag;
  std::string out(plain, '\0');
  auto* const to = reinterpret_cast<std::uint8_t*>(out.data());
  int size = 0;
  EVP_DecryptInit_ex(context.get(), EVP_aes_128_gcm(), nullptr, octets(keys.key),
                     octets(keys.nonce(number)));
  EVP_DecryptUpdate(context.get(), nullptr, &size, octets(head), static_cast<int>(head.size()));
  EVP_DecryptUpdate(context.get(), to, &size, octets(text), static_cast<int>(plain));
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTag, text.data() + plain);
  if (EVP_DecryptFinal_ex(context.get(), to + size, &size) != 1) return std::nullopt;
  return out;
}

// Numbers of RFC 9000 §16 from the front; 0 behind the end.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  bool empty() const { return rest_.empty(); }
  std::uint64_t number() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<unsigned char>(rest_[0]);
    const std::size_t size = std::min(rest_.size(), std::size_t{1} << (first >> 6U));
    std::uint64_t value = first & 0x3fU;
    for (std::size_t i = 1; i < size; ++i)
      value = value << 8U | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(size);
    return value;
  }

 private:
  std::string_view rest_;
};

std::optional<std::uint64_t> close_code_of(std::string_view frames) {
  for (Reader reader(frames); !reader.empty();) {
    const std::uint64_t type = reader.number();
    if (type == 0x1c) return reader.number();
    if (type <= 1) continue;
    if (type != 2) return std::nullopt;
    reader.number();  // ACK: the largest, its delay, then ranges
    reader.number();
    for (std::uint64_t left = 2 * reader.number() + 1; left > 0; --left) reader.number();
  }
  return std::nullopt;
}

}  // namespace

test::Bytes initial_packet(std::string_view frames, std::uint8_t number) {
  const Keys keys(true);
  const test::Bytes begin =
      test::long_header(test::kV1, kClientsChoice, kClientId,
                        7 + kClientsChoice.size() + kClientId.size(), std::byte{0xc0});
  std::string head(reinterpret_cast<const char*>(begin.data()), begin.size());
  head += '\0';                                                    // no token
  const std::size_t length = std::size_t{1200} - head.size() - 2;  // of number, frames and tag
  head += static_cast<char>(0x40U | length >> 8U);
  head += static_cast<char>(length & 0xffU);
  head += static_cast<char>(number);
  std::string text(frames);
  text.resize(length - 1 - kTag);
  std::string packet = head + encrypted(keys, number, head, text);
  const std::size_t at = head.size() - 1;
  const Key mask = keys.mask(octets(packet) + at + 4);
  packet[0] = static_cast<char>(static_cast<unsigned char>(packet[0]) ^ (mask[0] & 0x0fU));
  packet[at] = static_cast<char>(static_cast<unsigned char>(packet[at]) ^ mask[1]);
  const auto all = std::as_bytes(std::span(packet));
  return {all.begin(), all.end()};
}

std::optional<std::uint64_t> close_code_in(const test::Bytes& datagram) {
  std::string packet(reinterpret_cast<const char*>(datagram.data()), datagram.size());
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(packet.at(at)); };
  if ((byte(0) & 0xf0U) != 0xc0U) return std::nullopt;
  const std::size_t source = 6 + byte(5);
  const std::size_t token = source + 1 + byte(source);  // of no bytes
  const std::size_t wide = std::size_t{1} << (byte(token + 1) >> 6U);
  Reader reader(std::string_view(packet).substr(token + 1));
  const std::size_t length = reader.number(), at = token + 1 + wide;
  const Keys keys(false);
  const Key mask = keys.mask(octets(packet) + at + 4);
  packet[0] = static_cast<char>(byte(0) ^ (mask[0] & 0x0fU));
  const std::size_t size = (byte(0) & 3U) + 1;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < size; ++i) {
    packet[at + i] = static_cast<char>(byte(at + i) ^ mask[1 + i]);
    number = number << 8U | byte(at + i);
  }
  const auto frames =
      decrypted(keys, number, packet.substr(0, at + size), packet.substr(at + size, length - size));
  return frames ? close_code_of(*frames) : std::nullopt;
}

}  // namespace troika::vectors
