#pragma once
#include <cstddef>

#include "http/message/abort_reason.h"
#include "http/message/response.h"

namespace troika {

// What one protocol stream offers to its Exchange; implemented by h1, h2 and h3. Every method only
// records and marks the connection dirty; the session acts on the records at the start of
// produce(), with no engine on the stack.
class StreamPort {
 public:
  virtual void send_informational(const ResponseHead& head) = 0;
  virtual void send_head(const ResponseHead& head, BodyFraming framing) = 0;  // at most once
  virtual void body_ready() noexcept = 0;  // pull_response() is worth a call again
  virtual void credit(
      std::size_t consumed) noexcept = 0;  // request bytes: open the window by these
  // The rest of the request body is not wanted. Not an error.
  virtual void stop_request(AbortReason reason) noexcept = 0;
  virtual void reset(AbortReason reason) noexcept = 0;  // the whole exchange, at once

 protected:
  ~StreamPort() = default;
};

}  // namespace troika
