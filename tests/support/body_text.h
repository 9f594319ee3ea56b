#pragma once
// What a body gives, as text.
#include <string>

#include "support/session_harness.h"

namespace troika::test {

struct CountingWaker final : Waker {
  int woken = 0;
  void wake() noexcept override { ++woken; }
};

// One pull: its bytes, or "blocked", "end" or "error: ...".
inline std::string pull_text(BodySource& body, std::size_t max = kMaxPull) {
  const auto pulled = body.pull(max);
  if (!pulled) return "error: " + std::string(name_of(pulled.error().code));
  if (pulled->state == PullState::blocked) return "blocked";
  if (pulled->state == PullState::end) return "end";
  return pulled->bytes.empty() ? "empty" : std::string(text_of(pulled->bytes.bytes()));
}

// All of a body that is not blocked.
inline std::string whole_text(BodySource& body) {
  std::string text;
  return read_body(body, text) == ReadState::end ? text : "not ended: " + text;
}

}  // namespace troika::test
