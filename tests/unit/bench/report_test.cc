#include "bench/report.h"

#include <catch2/catch_test_macros.hpp>

#include "support/json.h"

using namespace troika;
using namespace troika::bench;
using namespace std::chrono_literals;

namespace {

Options some_options() {
  Options options;
  options.url = "https://localhost:8443/a\"b";
  options.connections = 10;
  options.streams = 2;
  return options;
}

Tally some_tally() {
  Tally tally;
  for (int i = 1; i <= 99; ++i) tally.response(200, 1000, i * 1ms);
  tally.response(404, 0, 100ms);
  tally.trouble(Trouble::connect, "connection refused");
  tally.trouble(Trouble::connect, "something else");
  tally.connections = 10;
  tally.length = 2s;
  tally.cpu = 500ms;
  tally.threads = 1;
  return tally;
}

}  // namespace

TEST_CASE("The report for people") {
  Tally tally = some_tally();
  CHECK(text_report(some_options(), tally) ==
        "https://localhost:8443/a\"b over http/2: 10 connections, 2 requests at a time on each\n"
        "Requests     100 in 2.00 s, 50.0 a second\n"
        "Content      99.00 kB, 49.50 kB a second\n"
        "Statuses     2xx 99, 4xx 1\n"
        "Errors       connect 2 (connection refused), status 1\n"
        "Latency      min 1.00 ms, mean 50.5 ms, p50 49.9 ms, p90 89.9 ms, p99 98.8 ms, p99.9 99.9 "
        "ms, max 100 ms\n"
        "Connections  10 made\n"
        "Own CPU      0.500 s, 5000.00 us a request, 25 % of 1 thread\n");
  tally.unfinished = 3;
  CHECK(text_report(some_options(), tally).contains("\nUnfinished   3 at the end\n"));
}

TEST_CASE("Nothing came: there is no latency, and nothing is divided by zero") {
  Tally tally;
  tally.threads = 1;
  CHECK(text_report(some_options(), tally) ==
        "https://localhost:8443/a\"b over http/2: 10 connections, 2 requests at a time on each\n"
        "Requests     0 in 0.00 s, 0.0 a second\n"
        "Content      0 B, 0 B a second\n"
        "Statuses     none\n"
        "Errors       none\n"
        "Connections  0 made\n"
        "Own CPU      0.000 s, 0.00 us a request, 0 % of 1 thread\n");
  CHECK(test::read_json(json_report(some_options(), tally))["requests_per_second"] == 0);
}

TEST_CASE("The report for programs") {
  const std::string text = json_report(some_options(), some_tally());
  CHECK(!text.contains('\n'));
  const test::Json json = test::read_json(text);
  CHECK(json["url"] == "https://localhost:8443/a\"b");
  CHECK(json["protocol"] == "http/2");
  CHECK(json["connections"] == 10);
  CHECK(json["streams"] == 2);
  CHECK(json["threads"] == 1);
  CHECK(json["requests"] == 100);
  CHECK(json["seconds"] == 2.0);
  CHECK(json["requests_per_second"] == 50.0);
  CHECK(json["bytes"] == 99000);
  CHECK(json["bytes_per_second"] == 49500.0);
  CHECK(json["errors"] == 3);
  CHECK(json["errors_by_kind"]["connect"] == 2);
  CHECK(json["errors_by_kind"]["tls"] == 0);
  CHECK(json["errors_by_kind"]["status"] == 1);
  CHECK(json["reasons"]["connect"] == "connection refused");
  CHECK(!json["reasons"].contains("tls"));
  CHECK(json["statuses"]["2xx"] == 99);
  CHECK(json["statuses"]["4xx"] == 1);
  CHECK(json["unfinished"] == 0);
  CHECK(json["connections_made"] == 10);
  CHECK(json["cpu_seconds"] == 0.5);
  CHECK(json["cpu_seconds_per_request"] == 0.005);
  CHECK(json["bottleneck"] == false);
  CHECK(json["latency"]["min"] == 0.001);
  CHECK(json["latency"]["max"] == 0.1);
  for (const char* const name : {"mean", "p50", "p90", "p99", "p99.9"}) {
    CHECK(json["latency"].contains(name));
  }
}

TEST_CASE("Bytes that are no UTF-8 do not spoil the JSON") {
  Options options = some_options();
  options.url = "https://localhost/\xff";
  CHECK(test::read_json(json_report(options, {}))["url"] == "https://localhost/\xef\xbf\xbd");
}

TEST_CASE("A load generator that had no time left says so") {
  Tally tally = some_tally();
  tally.threads = 2;
  tally.cpu = 3600ms;  // 90 % of two threads
  CHECK(!was_bottleneck(tally));
  tally.cpu = 3601ms;
  CHECK(was_bottleneck(tally));
  CHECK(text_report(some_options(), tally)
            .ends_with("The load generator itself was the limit: use more --threads, or another "
                       "core.\n"));
  CHECK(test::read_json(json_report(some_options(), tally))["bottleneck"] == true);
}

TEST_CASE("The line of each second") {
  CHECK(progress_line(3, 1200, 400, 1) == "3 s: 1200 requests, 400 in the last second, 1 errors");
}
