#pragma once
#include <memory>
#include <tuple>

#include "runtime/worker.h"
#include "support/session_harness.h"

namespace troika::test {

// Answers every request with a pattern of that many bytes.
inline Site pattern_site(std::uint64_t size) {
  auto handler = std::make_unique<ScriptedHandler>();
  handler->answer = [size](RequestContext context, Responder& responder) {
    std::ignore = responder.respond({}, std::make_unique<PatternBody>(context.services.pool, size));
    return nullptr;
  };
  return {.handler = std::move(handler)};
}

}  // namespace troika::test
