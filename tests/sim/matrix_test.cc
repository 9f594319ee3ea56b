// Many seeds on each of many networks: handshake, an upload beside a download, and the close.
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>

#include "base/text.h"
#include "client/client.h"
#include "sim/conditions.h"
#include "support/reading_job.h"
#include "support/responses.h"
#include "support/sanitized.h"
#include "support/sim_h3.h"

using namespace troika;
using namespace troika::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kDownload = 192U << 10U, kUpload = 96U << 10U;

// Sanitizers are about the code, not about the network.
constexpr std::uint64_t kSeeds = kSanitized ? 8 : 50;
constexpr std::uint64_t kLongSeeds = 500;

std::unique_ptr<Job> answer(RequestContext context, Responder& responder) {
  if (context.request.method != Method::post) return with_pattern(kDownload)(context, responder);
  return std::make_unique<ReadingJob>(context, responder, [](const std::string& upload) {
    return upload == pattern(kUpload) ? "same" : "other";
  });
}

Request request_of(std::string_view method) {
  return client::make_request(method, "localhost", "/");
}

class Run {
 public:
  Run(const Condition& condition, std::uint64_t seed)
      : condition_(condition), sim_(seed, condition.link) {
    sim_.handler.answer = answer;
    // After an unlucky handshake a timeout can be of nine seconds, and the fields' next packet
    // lost.
    sim_.timeouts.header_block = 1min;
    sim_.world.net.watch(sim_.server_port.address());
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // Says what went wrong; "" for nothing.
  std::string go() {
    if (!sim_.handshake()) return formatted("no handshake: {}", sim_.client->close_reason().detail);
    if (sim_.world.clock.now() - start_ < 2 * condition_.link.delay) return "faster than the link";
    if (std::string wrong = transfer(); !wrong.empty()) return wrong;
    if (std::string wrong = close(); !wrong.empty()) return wrong;
    return sim_.world.net.amplification().exceeded() > 0 ? "more than three times the bytes" : "";
  }
  const sim::Tally& tally(bool up) { return sim_.world.net.tally(from(up), from(!up)); }

 private:
  const Address& from(bool up) const {
    return up ? sim_.client_port.address() : sim_.server_port.address();
  }
  void both_ways(const std::function<void(sim::Link&, bool up)>& change) {
    for (const bool up : {true, false}) change(sim_.world.net.link(from(up), from(!up)), up);
  }

  std::string transfer() {
    PatternCheck check;
    const client::Fetch& down =
        sim_.fetch(request_of("GET"), nullptr, [&](std::span<const std::byte> b) { check(b); });
    const client::Fetch& up =
        sim_.fetch(request_of("POST"), std::make_unique<PatternBody>(sim_.client_pool, kUpload));
    const bool ended = sim_.run_until(
        [&] {
          on_the_way(check.at);
          return sim_.all_done() && stage_ != kDark;  // or nobody would hear of the close
        },
        5min);
    if (!ended) return formatted("stuck: {} bytes down", check.at);
    if (down.failed() || check.at != kDownload || !check.same) return "the download differs";
    if (up.body != "same") return "the upload differs: " + up.body;
    return "";
  }

  void on_the_way(std::uint64_t bytes) {
    const TimePoint now = sim_.world.clock.now();
    if (stage_ == 0 && bytes >= kDownload / 3) {
      stage_ = kDark;
      light_ = now + condition_.dark;
      both_ways([&](sim::Link& link, bool up) {
        if (condition_.shrinks) link.mtu = 1280 - kHeaders;
        const bool here = up ? condition_.dark_up : condition_.dark_down;
        link.black_hole = here && condition_.dark > Duration::zero();
      });
    }
    if (stage_ == kDark && now >= light_) {
      stage_ = 2;
      both_ways([](sim::Link& link, bool) { link.black_hole = false; });
    }
    if (stage_ == 2 && bytes >= 2 * kDownload / 3) {
      stage_ = 3;
      if (condition_.shrinks) both_ways([](sim::Link& link, bool) { link.mtu = 1250 - kHeaders; });
    }
  }

  std::string close() {
    if (sim_.client->state() != quic::ClientConnection::State::established)
      return "lost at the end";
    sim_.fetches.clear();
    // Two, when a beginning came after its Retry: a handshake that nobody goes on with.
    const std::size_t alive = sim_.endpoint->connections();
    const TimePoint asked = sim_.world.clock.now();
    sim_.client->close(0x100, asked);
    const sim::Link& link = condition_.link;
    const bool heard = sim_.world.run_until([&] { return sim_.endpoint->connections() < alive; },
                                            link.delay + link.jitter + link.reorder_delay);
    if (condition_.lossless() && !heard) return "the server has not heard of the close";
    if (std::string left = sim_.close(); !left.empty()) return left;
    for (const auto& entry : sim_.observer.entries) {
      // The last acknowledgement may be lost, and then the close says no more.
      if (!condition_.lossless()) continue;
      if (entry.status != 200 || entry.aborted != AbortReason::none) return "not served in full";
    }
    return sim_.observer.entries.size() == 2 ? "" : "not two requests";
  }

  static constexpr std::size_t kHeaders = 28;  // of IPv4 and UDP
  static constexpr int kDark = 1;              // the stage

  const Condition& condition_;
  SimH3 sim_;
  TimePoint start_ = sim_.world.clock.now();
  TimePoint light_{};
  int stage_ = 0;
};

// "loss-10:17" to run that one alone.
bool chosen(const std::string& run) {
  const char* const one = std::getenv("TROIKA_SIM");
  return one == nullptr || run == one;
}

std::uint64_t seeds() {
  if (std::getenv("TROIKA_SIM") != nullptr) return 2 * kLongSeeds;
  return std::getenv("TROIKA_LONG") != nullptr ? kLongSeeds : kSeeds;
}

}  // namespace

TEST_CASE("On every network and with every seed all bytes arrive and every connection goes") {
  std::uint64_t runs = 0;
  for (const Condition& condition : conditions()) {
    sim::Tally up, down;
    for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
      const std::string name = formatted("{}:{}", condition.name, seed);
      if (!chosen(name)) continue;
      INFO(formatted("again: TROIKA_SIM={} test_sim \"On every network*\"", name));
      Run run(condition, seed);
      CHECK(run.go() == "");
      up += run.tally(true);
      down += run.tally(false);
      ++runs;
    }
    INFO(condition.name);
    if (std::getenv("TROIKA_SIM") == nullptr) CHECK(idle_impairment(condition, up, down) == "");
  }
  CHECK(runs > 0);
}
