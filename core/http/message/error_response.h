#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "http/message/body.h"
#include "http/message/message.h"

namespace troika {

std::string_view reason_phrase(std::uint16_t status) noexcept;  // RFC 9110 §15; "" when unknown

// A body of text that lives as long as the process.
std::unique_ptr<BodySource> static_body(std::string_view text);
// A body that owns its text.
std::unique_ptr<BodySource> text_body(BufferPool& pool, std::string_view text);

// The short plain-text response for a status, e.g. "404 Not Found\n".
struct ErrorResponse {
  ResponseHead head;
  std::unique_ptr<BodySource> body;
};
ErrorResponse error_response(std::uint16_t status);

}  // namespace troika
