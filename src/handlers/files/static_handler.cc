#include "handlers/files/static_handler.h"

#include "handlers/files/static_job.h"

namespace troika {

struct StaticHandler::State {
  State(Parts parts, const std::shared_ptr<const StaticSite::Settings>& settings)
      : site{.files = parts.files,
             .coding = parts.coding,
             .slow = parts.slow,
             .hashing = parts.hashing,
             .pool = parts.pool,
             .clock = parts.clock,
             .settings = settings,
             .secret = std::move(parts.secret),
             .notice = std::move(parts.notice),
             .cache = FileCache(parts.files, parts.timers, parts.clock, settings->limits)} {}
  StaticSite site;
};

StaticHandler::StaticHandler(Parts parts) {
  auto settings =
      std::make_shared<const StaticSite::Settings>(std::move(parts.options), parts.limits);
  state_ = std::make_unique<State>(std::move(parts), settings);
}

StaticHandler::~StaticHandler() = default;

std::unique_ptr<Job> StaticHandler::start(RequestContext context, Responder& responder) {
  auto job = std::make_unique<StaticJob>(state_->site, context, responder);
  if (!job->begin()) return nullptr;
  return job;
}

}  // namespace troika
