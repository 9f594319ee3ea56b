#pragma once
#include <expected>
#include <string>

#include "base/error.h"

namespace troika {

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
