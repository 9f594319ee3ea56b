#include "http/message/message.h"

#include <array>

namespace troika {
namespace {
constexpr std::array<std::string_view, 9> kNames{"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                 "CONNECT", "OPTIONS", "TRACE", "PATCH"};
}

Method method_from(std::string_view token) noexcept {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == token) return static_cast<Method>(i);
  }
  return Method::other;
}

std::string_view name_of(Method method) noexcept {
  return method == Method::other ? "" : kNames[static_cast<std::size_t>(method)];
}

}  // namespace troika
