// What CONTRIBUTING.md says of a new handler and a new observer: each is one class and one line.
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "http/message/error_response.h"
#include "support/live_client.h"

using namespace troika;
using namespace troika::test;

namespace {

// A new handler: it knows no protocol.
class NameOfVersion final : public Handler {
 public:
  std::unique_ptr<Job> start(RequestContext context, Responder& responder) override {
    ResponseHead head;
    head.headers.add("content-type", "text/plain");
    std::ignore = responder.respond(
        std::move(head),
        text_body(context.services.pool, std::string(name_of(context.request.version)) + '\n'));
    return nullptr;
  }
};

// A new observer: it sees each exchange once, whatever came of it.
class CountByStatus final : public ExchangeObserver {
 public:
  void on_complete(const ExchangeSummary& summary) noexcept override { ++counts[summary.status]; }
  std::map<std::uint16_t, int> counts;
};

}  // namespace

TEST_CASE("A handler and an observer of one's own serve all three protocols") {
  CountByStatus count;
  LiveServer server(
      [](const SiteServices&) { return Site{.handler = std::make_unique<NameOfVersion>()}; },
      [&](WorkerConfig& config) { config.observers.push_back(&count); });
  LiveClient client;
  for (const auto& [protocol, said] : {std::pair(client::Protocol::h1, "HTTP/1.1\n"),
                                       {client::Protocol::h2, "HTTP/2\n"},
                                       {client::Protocol::h3, "HTTP/3\n"}}) {
    CHECK(client.ask(client.connect(protocol, server.address)).body == said);
  }
  server.stop();
  CHECK(server.observer.entries.size() == 3);
  CHECK(count.counts == std::map<std::uint16_t, int>{{200, 3}});
}
