#include "handlers/digest.h"

#include <openssl/evp.h>

#include <format>
#include <new>
#include <tuple>

namespace troika {
namespace {

EVP_MD_CTX* context_of(void* state) noexcept { return static_cast<EVP_MD_CTX*>(state); }

}  // namespace

Sha256Sum::Sha256Sum() : state_(EVP_MD_CTX_new()) {
  if (state_ == nullptr || EVP_DigestInit_ex(context_of(state_), EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc();  // nothing else can make it fail
  }
}

Sha256Sum::~Sha256Sum() { EVP_MD_CTX_free(context_of(state_)); }

void Sha256Sum::add(std::span<const std::byte> bytes) {
  std::ignore = EVP_DigestUpdate(context_of(state_), bytes.data(), bytes.size());
}

Sha256 Sha256Sum::finish() {
  Sha256 sum{};
  std::ignore =
      EVP_DigestFinal_ex(context_of(state_), reinterpret_cast<unsigned char*>(sum.data()), nullptr);
  return sum;
}

Sha256 sha256(std::span<const std::byte> bytes) {
  Sha256Sum sum;
  sum.add(bytes);
  return sum.finish();
}

std::string base64(std::span<const std::byte> bytes) {
  // EVP_EncodeBlock writes a zero behind its output, where a string has one anyway.
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  std::ignore = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                reinterpret_cast<const unsigned char*>(bytes.data()),
                                static_cast<int>(bytes.size()));
  return text;
}

std::string hex(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text += {kDigits[value >> 4U], kDigits[value & 15U]};
  }
  return text;
}

std::string repr_digest(const Sha256& sum) { return std::format("sha-256=:{}:", base64(sum)); }

}  // namespace troika
