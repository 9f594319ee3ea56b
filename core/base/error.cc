#include "base/error.h"

namespace troika {

std::string_view name_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::closed: return "closed";
    case ErrorCode::protocol: return "protocol";
    case ErrorCode::limit: return "limit";
    case ErrorCode::timeout: return "timeout";
    case ErrorCode::io: return "io";
    case ErrorCode::not_found: return "not found";
    case ErrorCode::denied: return "denied";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::short_body: return "short body";
    case ErrorCode::internal: return "internal";
  }
  return "unknown";
}

}  // namespace troika
