#pragma once
// A request as a person writes it, and what came back of it, with all its fields.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troika::parity {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Ask {
  std::string method = "GET";
  std::string target = "/";
  Fields fields{};  // "Host" becomes the authority
  std::optional<std::string> body{};
};

struct Answer {
  std::uint16_t status = 0;
  Fields fields{};  // names in lower case, in the order of the answer
  Fields trailers{};
  std::string body{};
  std::string failure{};  // not empty: reset, lost, or not there in time
};

// The values of all fields of that (lower-case) name.
std::vector<std::string_view> values_of(const Answer& answer, std::string_view name);

// For a person who wants to see it again: curl -k ... https://authority/target.
std::string curl_line(const Ask& ask, std::string_view protocol, std::string_view authority);

}  // namespace troika::parity
