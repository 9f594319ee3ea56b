#pragma once
// What a ScriptedHandler can respond with.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/session_harness.h"

namespace troika::test {

// 200 with the body that `make(context)` gives.
template <class Make>
ScriptedHandler::Answer with_body(Make make) {
  return [make = std::move(make)](RequestContext context, Responder& responder) {
    std::ignore = responder.respond({}, make(context));
    return nullptr;
  };
}

// 200 with `size` bytes of pattern().
ScriptedHandler::Answer with_pattern(std::uint64_t size);

std::unique_ptr<BodySource> scripted(BufferPool& pool, std::vector<BodyStep> steps,
                                     BodyProbe* probe = nullptr,
                                     std::optional<std::uint64_t> length = std::nullopt,
                                     HeaderMap trailers = {});

// 200 with a ScriptedBody. `probe` outlives the body.
ScriptedHandler::Answer with_steps(std::vector<BodyStep> steps, BodyProbe* probe = nullptr,
                                   std::optional<std::uint64_t> length = std::nullopt,
                                   HeaderMap trailers = {});

// `head`, and `body` if there is any.
ScriptedHandler::Answer with_head(ResponseHead head, std::string body = {});

// No response: the exchange stays open, its job is counted, and what the handler got is told.
ScriptedHandler::Answer hold(int& jobs, Responder** responder = nullptr,
                             BodySource** body = nullptr);

// Gives back what the request brought, as it comes.
ScriptedHandler::Answer echo(int& jobs);
// Takes the tunnel, and gives back what comes through it.
ScriptedHandler::Answer echo_tunnel(int& jobs);

}  // namespace troika::test
