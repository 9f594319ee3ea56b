#pragma once
// Strict JSON (RFC 8259), and sequences of it (RFC 7464). What is not allowed throws.
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace troika::test {

using Json = nlohmann::json;

// The library takes a name that occurs twice; a reader may not.
Json read_json(std::string_view text);
// RFC 7464 §2.2: each text between a record separator and a newline.
std::vector<Json> read_json_sequence(std::string_view text);

}  // namespace troika::test
