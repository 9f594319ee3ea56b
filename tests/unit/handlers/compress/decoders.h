#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/semantics/negotiation.h"

namespace troika::test {

// What the library of that coding makes of `bytes`, which must be one complete stream with nothing
// behind it. Nothing when it is not.
std::optional<std::string> decode(Coding coding, std::string_view bytes);
// The window that the header of a Zstandard frame asks for.
std::size_t zstd_window(std::string_view frame);

}  // namespace troika::test
