#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace troika {

enum class ErrorCode : std::uint8_t {
  closed,    // the peer or the transport is gone
  protocol,  // the peer violated the protocol; `detail` says how
  limit,     // one of our limits was reached
  timeout,
  io,  // a system call failed
  not_found,
  denied,
  unavailable,  // try again later
  short_body,   // a body gave fewer or more bytes than declared
  internal,
};

// An error on the data plane: no allocation, so `detail` is static text only.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string_view detail;
};

constexpr std::string_view name_of(ErrorCode code) noexcept {
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

// The data plane: no exceptions, static error texts.
template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// Start-up and configuration: the error is one sentence for a person, saying what is wrong, where,
// and what to do.
template <class T>
using Checked = std::expected<T, std::string>;

inline std::unexpected<Error> fail(ErrorCode code, std::string_view detail) {
  return std::unexpected(Error{code, detail});
}

}  // namespace troika
