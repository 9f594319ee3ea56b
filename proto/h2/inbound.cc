#include "proto/h2/inbound.h"

#include "proto/h2/engine.h"

namespace troika::h2 {

int Inbound::feed(nghttp2_session* engine, std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  const int result = paused_ ? 0 : give(engine, bytes, taken);
  if (!paused_ || result < 0) return result;
  rest_.insert(rest_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(taken), bytes.end());
  charge_.set(rest_.capacity());
  return 0;
}

int Inbound::go_on(nghttp2_session* engine) {
  std::size_t taken = 0;
  const int result = give(engine, std::span(rest_).subspan(at_), taken);
  at_ += taken;
  if (paused_ && result == 0) return 0;
  rest_ = {};
  at_ = 0;
  charge_.set(0);
  return result;
}

int Inbound::give(nghttp2_session* engine, std::span<const std::byte> bytes, std::size_t& taken) {
  paused_ = false;
  const nghttp2_ssize result =
      nghttp2_session_mem_recv2(engine, octets(bytes.data()), bytes.size());
  if (result < 0) return static_cast<int>(result);
  taken = static_cast<std::size_t>(result);
  return 0;
}

}  // namespace troika::h2
