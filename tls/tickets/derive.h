#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace troika::tls {

using Root = std::array<std::byte, 32>;

// HKDF-SHA256 (RFC 5869) of `key`, which is random already, for what `label` names.
void derive(std::span<const std::byte> key, std::string_view label, std::span<std::byte> into);

}  // namespace troika::tls
