#include "server/metrics.h"

#include <catch2/catch_test_macros.hpp>
#include <ranges>
#include <set>

#include "base/text.h"

using namespace troika;

namespace {

WorkerCounts counted(HttpVersion version, std::uint16_t status, Duration duration) {
  Request request;
  request.version = version;
  const PeerInfo peer;
  WorkerCounts counts;
  counts.requests.add({.request = request,
                       .peer = peer,
                       .status = status,
                       .body_bytes = 100,
                       .started = {},
                       .duration = duration,
                       .aborted = status == 0 ? AbortReason::peer_gone : AbortReason::none});
  return counts;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto line : std::views::split(text, '\n'))
    lines.emplace_back(line.begin(), line.end());
  return lines;
}

}  // namespace

TEST_CASE("Requests are told by protocol and status, those of all workers together") {
  const std::string text =
      metrics_text({counted(HttpVersion::http3, 200, std::chrono::milliseconds(5)),
                    counted(HttpVersion::http3, 200, std::chrono::milliseconds(6)),
                    counted(HttpVersion::http11, 0, std::chrono::seconds(20))},
                   {});
  for (const char* const line :
       {"troika_http_requests_total{proto=\"3\",code=\"200\"} 2",
        "troika_http_requests_total{proto=\"1.1\",code=\"0\"} 1",
        "troika_http_request_duration_seconds_bucket{proto=\"3\",le=\"0.005\"} 1",
        "troika_http_request_duration_seconds_bucket{proto=\"3\",le=\"0.01\"} 2",
        "troika_http_request_duration_seconds_bucket{proto=\"1.1\",le=\"10\"} 0",
        "troika_http_request_duration_seconds_bucket{proto=\"1.1\",le=\"+Inf\"} 1",
        "troika_http_request_duration_seconds_sum{proto=\"3\"} 0.011000",
        "troika_http_request_duration_seconds_count{proto=\"3\"} 2",
        "troika_http_response_bytes_total{proto=\"3\"} 200",
        "troika_http_aborts_total{reason=\"connection_lost\"} 1"}) {
    CAPTURE(line);
    CHECK(std::ranges::contains(lines_of(text), line));
  }
}

TEST_CASE("Every metric has its help and type before it, once, and no series comes twice") {
  std::set<std::string> seen;
  std::string name;
  for (const std::string& line : lines_of(metrics_text({{}, {.worker = 1}}, {}))) {
    CAPTURE(line);
    if (line.empty()) continue;
    CHECK(seen.insert(line.substr(0, line.rfind(' '))).second);
    if (line.starts_with("# HELP ")) {
      name = line.substr(7, line.find(' ', 7) - 7);
      CHECK(line.ends_with('.'));
    } else if (line.starts_with("# TYPE ")) {
      CHECK(line.starts_with("# TYPE " + name + " "));
    } else {
      CHECK(line.starts_with(name));
    }
  }
}

TEST_CASE("Counts of workers add up field by field") {
  quic::EndpointCounters sum;
  const quic::EndpointCounters one{.accepted = 1, .key_updates = 2, .sends = 3};
  sum += one;
  sum += one;
  CHECK(sum.accepted == 2);
  CHECK(sum.key_updates == 4);
  CHECK(sum.sends == 6);
  // A counter that is new has to be added up as well.
  CHECK(sizeof(quic::EndpointCounters) == 18 * sizeof(std::uint64_t));
}
