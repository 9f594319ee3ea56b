#pragma once
#include <memory>

#include "runtime/worker.h"
#include "support/session_harness.h"

namespace troika::test {

// What a worker makes its site with.
inline auto scripted_site(ScriptedHandler::Answer answer = {}) {
  return [answer = std::move(answer)](const SiteServices&) {
    auto handler = std::make_unique<ScriptedHandler>();
    handler->answer = answer;
    return Site{.handler = std::move(handler)};
  };
}

}  // namespace troika::test
