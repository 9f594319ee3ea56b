#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "http/message/fields.h"

namespace troika {

using Sha256 = std::array<std::byte, 32>;

// SHA-256 of a stream.
class Sha256Sum {
 public:
  Sha256Sum();
  Sha256Sum(const Sha256Sum&) = delete;
  Sha256Sum& operator=(const Sha256Sum&) = delete;
  ~Sha256Sum();
  void add(std::span<const std::byte> bytes);
  Sha256 finish();

 private:
  void* state_;
};
Sha256 sha256(std::span<const std::byte> bytes);
std::string base64(std::span<const std::byte> bytes);
std::string hex(std::span<const std::byte> bytes);  // in lower case

// Whether Want-Repr-Digest (RFC 9530 §4; a dictionary, RFC 8941) has sha-256 with a preference
// above 0. A malformed field is ignored.
bool wants_sha256(const HeaderMap& headers);
// The Repr-Digest field: sha-256=:...:
std::string repr_digest(const Sha256& sum);

}  // namespace troika
