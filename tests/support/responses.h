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
inline ScriptedHandler::Answer with_pattern(std::uint64_t size) {
  return with_body([size](RequestContext context) {
    return std::make_unique<PatternBody>(context.services.pool, size);
  });
}

inline std::unique_ptr<BodySource> scripted(BufferPool& pool, std::vector<BodyStep> steps,
                                            BodyProbe* probe = nullptr,
                                            std::optional<std::uint64_t> length = std::nullopt,
                                            HeaderMap trailers = {}) {
  return std::make_unique<ScriptedBody>(pool, std::move(steps), probe, length, std::move(trailers));
}

// 200 with a ScriptedBody. `probe` outlives the body.
inline ScriptedHandler::Answer with_steps(std::vector<BodyStep> steps, BodyProbe* probe = nullptr,
                                          std::optional<std::uint64_t> length = std::nullopt,
                                          HeaderMap trailers = {}) {
  return with_body([=](RequestContext context) {
    return scripted(context.services.pool, steps, probe, length, trailers);
  });
}

// `head`, and `body` if there is any.
inline ScriptedHandler::Answer with_head(ResponseHead head, std::string body = {}) {
  return [=](RequestContext context, Responder& responder) {
    std::ignore =
        responder.respond(head, body.empty() ? nullptr : body_of(context.services.pool, body));
    return nullptr;
  };
}

// No response: the exchange stays open, its job is counted, and what the handler got is told.
inline ScriptedHandler::Answer hold(int& jobs, Responder** responder = nullptr,
                                    BodySource** body = nullptr) {
  return [&jobs, responder, body](RequestContext context, Responder& its) {
    if (responder != nullptr) *responder = &its;
    if (body != nullptr) *body = &context.body;
    return std::make_unique<CountedJob>(jobs);
  };
}

// Gives back what the request brought, as it comes.
class RelayBody final : public BodySource {
 public:
  explicit RelayBody(BodySource& from) : from_(&from) {}
  Result<Pulled> pull(std::size_t max_bytes) override { return from_->pull(max_bytes); }
  void set_waker(Waker* waker) noexcept override { from_->set_waker(waker); }
  std::optional<std::uint64_t> remaining() const noexcept override { return from_->remaining(); }
  const HeaderMap* trailers() const noexcept override { return from_->trailers(); }

 private:
  BodySource* from_;
};

inline ScriptedHandler::Answer echo(int& jobs) {
  return [&jobs](RequestContext context, Responder& responder) -> std::unique_ptr<Job> {
    auto job = std::make_unique<CountedJob>(jobs);
    std::ignore = responder.respond({}, std::make_unique<RelayBody>(context.body));
    return job;
  };
}

}  // namespace troika::test
