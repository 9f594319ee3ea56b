#pragma once
#include "base/error.h"
#include "tools/parity/ask.h"

namespace troika::parity {

struct Part {
  Fields fields;  // names in lower case
  std::string body;
};

// The boundary parameter of a multipart/byteranges Content-Type, without quotes.
Checked<std::string> boundary_of(std::string_view content_type);
// RFC 2046 §5.1.1, without preamble and epilogue, as RFC 9110 §15.3.7.2 shows it.
Checked<std::vector<Part>> parse_multipart(std::string_view body, const std::string& boundary);

}  // namespace troika::parity
