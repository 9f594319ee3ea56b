#pragma once
#include <cstdint>
#include <string_view>

namespace troika {

// RFC 9110 §9.3 and RFC 5789. `other` is any other token: this server answers it 501.
enum class Method : std::uint8_t {
  get,
  head,
  post,
  put,
  del,
  connect,
  options,
  trace,
  patch,
  other
};

Method method_from(std::string_view token) noexcept;  // methods are case-sensitive
std::string_view name_of(Method method) noexcept;     // "" for other

}  // namespace troika
