#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace troika::parity {

// "br", "zstd" or "gzip", by the libraries themselves.
std::string encode(std::string_view coding, std::string_view bytes);
// Nothing when `bytes` are not one whole, valid encoding and no byte more.
std::optional<std::string> decode(std::string_view coding, std::string_view bytes);

}  // namespace troika::parity
