#include "server/metrics_server.h"

#include <algorithm>
#include <csignal>

#include "http/message/error_response.h"

namespace troika {
namespace {

void respond(Responder& responder, BufferPool& pool, std::uint16_t status, std::string_view type,
             std::string_view text) {
  ResponseHead head{.status = status, .headers = {}};
  head.headers.add("content-type", type);
  head.headers.add("cache-control", "no-store");
  std::ignore = responder.respond(std::move(head), text_body(pool, text));
}

constexpr std::string_view kPlain = "text/plain; charset=utf-8";

// Waits for the workers' counts, but not for ever.
class CountingJob final : public Job {
 public:
  enum class Page : std::uint8_t { metrics, live };

  CountingJob(Page page, const SiteServices& services, const MetricsServer::Sources& sources,
              Duration patience, Responder& responder)
      : page_(page),
        services_(services),
        sources_(sources),
        responder_(responder),
        link_(std::make_shared<Link>(this)),
        timer_(services.loop.timers(), [this] { respond_with({}); }) {
    timer_.set(services.loop.clock().now() + patience);
    sources.count([link = link_, &loop = services.loop](std::vector<WorkerCounts> counts) {
      loop.post([link, counts = std::move(counts)]() mutable {
        if (link->job != nullptr) link->job->respond_with(std::move(counts));
      });
    });
  }
  CountingJob(const CountingJob&) = delete;
  CountingJob& operator=(const CountingJob&) = delete;
  ~CountingJob() override { link_->job = nullptr; }

 private:
  // From the workers' threads to a job that may have gone; `job` is used on the loop's thread only.
  struct Link {
    CountingJob* job;
  };

  void respond_with(std::vector<WorkerCounts> counts) {
    link_->job = nullptr;
    timer_.cancel();
    std::ranges::sort(counts, {}, &WorkerCounts::worker);
    if (page_ == Page::metrics) {
      return respond(responder_, services_.pool, 200, "text/plain; version=0.0.4; charset=utf-8",
                     metrics_text(counts, sources_.process()));
    }
    const bool all = counts.size() == sources_.workers;
    respond(responder_, services_.pool, all ? 200 : 503, kPlain,
            all ? "live\n" : "a worker hangs or has ended\n");
  }

  const Page page_;
  const SiteServices services_;
  const MetricsServer::Sources& sources_;
  Responder& responder_;
  const std::shared_ptr<Link> link_;
  Timer timer_;
};

class MetricsHandler final : public Handler {
 public:
  MetricsHandler(const SiteServices& services, MetricsServer::Sources sources, Duration patience)
      : services_(services), sources_(std::move(sources)), patience_(patience) {}

  std::unique_ptr<Job> start(RequestContext context, Responder& responder) override {
    using Page = CountingJob::Page;
    const Request& request = context.request;
    const std::string_view path = request.target.path;
    if (path != "/metrics" && path != "/live" && path != "/ready") {
      auto [head, body] = error_response(404);
      std::ignore = responder.respond(std::move(head), std::move(body));
      return nullptr;
    }
    if (request.method != Method::get && request.method != Method::head) {
      auto [head, body] = error_response(405);
      head.headers.add("allow", "GET, HEAD");
      std::ignore = responder.respond(std::move(head), std::move(body));
      return nullptr;
    }
    if (path == "/ready") {
      const bool ready = !sources_.process().draining;
      respond(responder, services_.pool, ready ? 200 : 503, kPlain,
              ready ? "ready\n" : "the server is stopping\n");
      return nullptr;
    }
    return std::make_unique<CountingJob>(path == "/live" ? Page::live : Page::metrics, services_,
                                         sources_, patience_, responder);
  }

 private:
  const SiteServices services_;
  const MetricsServer::Sources sources_;
  const Duration patience_;
};

}  // namespace

std::unique_ptr<Handler> make_metrics_handler(const SiteServices& services,
                                              MetricsServer::Sources sources, Duration patience) {
  return std::make_unique<MetricsHandler>(services, std::move(sources), patience);
}

MetricsServer::MetricsServer(std::vector<Fd> sockets, Sources sources) {
  WorkerConfig config;
  for (Fd& socket : sockets) config.sockets.plain.push_back({std::move(socket)});
  config.limits.connections = 64;  // a scraper, a watcher, and a person
  config.snapshot.make_site = [sources = std::move(sources)](const SiteServices& services) {
    return Site{.handler = make_metrics_handler(services, sources)};
  };
  worker_ = std::make_unique<Worker>(std::move(config));
  thread_ = std::thread([this] {
    // Only the threads of the program's own loops handle signals.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    worker_->run();
  });
}

MetricsServer::~MetricsServer() {
  worker_->loop().post([this] { worker_->stop(); });
  thread_.join();
}

}  // namespace troika
