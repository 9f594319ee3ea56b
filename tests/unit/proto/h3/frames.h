#pragma once
// HTTP/3 written by hand, for what an orderly client would never send.
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troika::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

// RFC 9000 §16; always in the longest form that the value of the first two bits allows.
std::string varint(std::uint64_t value);

// RFC 7541 §5.1: a number in the low `bits` of a byte that begins with `first`.
std::string prefixed(unsigned first, unsigned bits, std::uint64_t value);

std::string frame(std::uint64_t type, std::string_view payload);
inline std::string data_frame(std::string_view payload) { return frame(0, payload); }

// RFC 9204 §4.5.6: every field literally, no table.
std::string literal_lines(const Fields& fields);
std::string headers_frame(const Fields& fields);
Fields get_fields(std::string_view path = "/");
Fields post_fields(std::initializer_list<std::pair<std::string, std::string>> more = {});

}  // namespace troika::test
