#include "log/access_log.h"

#include <catch2/catch_test_macros.hpp>

#include "os/writer_thread.h"
#include "support/session_harness.h"

using namespace troika;
using namespace troika::test;

namespace {

std::string line_of(const Request& request, AbortReason aborted = AbortReason::none,
                    const SecurityInfo& security = {}) {
  Bench bench;
  bench.peer.security = security;
  std::string line;
  AccessLines().append(line, {.request = request,
                              .peer = bench.peer,
                              .status = 200,
                              .body_bytes = 5,
                              .started = bench.clock.wall(),
                              .duration = std::chrono::microseconds(1500),
                              .aborted = aborted});
  return line;
}

Request get(std::string target) {
  Request request;
  request.method_text = "GET";
  request.target.raw = std::move(target);
  request.version = HttpVersion::http3;
  return request;
}

}  // namespace

TEST_CASE("A line has time, client, method, target, status, bytes, protocol and duration") {
  CHECK(line_of(get("/a?b")) ==
        "2023-11-14T22:13:20.000Z 127.0.0.1 GET /a?b 200 5 HTTP/3 1.500ms - -");
}

TEST_CASE("TLS version and group are always there, what else is true of a connection follows") {
  SecurityInfo security;
  security.version = "TLSv1.3";
  security.group = "X25519MLKEM768";
  const auto end = [&](bool early = false, AbortReason aborted = AbortReason::none) {
    Request request = get("/");
    request.early_data = early;
    const std::string line = line_of(request, aborted, security);
    return line.substr(line.find("ms ") + 3);
  };
  CHECK(end() == "TLSv1.3 X25519MLKEM768");
  security.resumed = true;
  CHECK(end() == "TLSv1.3 X25519MLKEM768 resumed");
  CHECK(end(true) == "TLSv1.3 X25519MLKEM768 resumed 0-rtt");
  security.address_proven = false;
  CHECK(end(true, AbortReason::timeout) ==
        "TLSv1.3 X25519MLKEM768 resumed 0-rtt unvalidated (timeout)");
  security.address_proven = true;
  security.quic_version = 2;
  CHECK(end(true) == "TLSv1.3 X25519MLKEM768 quic=v2 resumed 0-rtt");
  security.client_name = "CN=Ann O\\x, O=\"Acme\"";
  CHECK(end(true, AbortReason::peer_reset) ==
        "TLSv1.3 X25519MLKEM768 quic=v2 resumed 0-rtt "
        "client=CN=Ann\\x20O\\x5cx,\\x20O=\\x22Acme\\x22 (reset by client)");
  security = {};
  security.version = "TLSv1.2";
  CHECK(end() == "TLSv1.2 -");
}

TEST_CASE("What a peer sent cannot make a second line or look like another field") {
  Request request = get("/a b\r\nGET \x1b[2J\"\\\xff");
  request.method_text = "";
  const std::string line = line_of(request);
  CHECK(line.contains(" - /a\\x20b\\x0d\\x0aGET\\x20\\x1b[2J\\x22\\x5c\\xff 200 "));
  CHECK(!line.contains('\n'));
}

TEST_CASE("A field of 2 KiB is whole, a longer one is cut") {
  CHECK(line_of(get(std::string(2048, 'a'))).contains(std::string(2048, 'a') + " 200"));
  CHECK(line_of(get(std::string(2049, 'a'))).contains(std::string(2048, 'a') + "... 200"));
}

namespace {

// A writer without room counts what it is given, line by line.
struct FullWriter {
  WriterThread writer{LogOutput("/dev/null", 0600), {.queue_bytes = 0}};
  TimerQueue timers;
  Bench bench;
  AccessLog log{{.common = &writer}, timers, bench.clock};

  void complete(const Request& request) {
    log.on_complete({.request = request, .peer = bench.peer, .started = bench.clock.wall()});
  }
  std::uint64_t given() const { return writer.dropped(); }
};

}  // namespace

TEST_CASE("Lines go to the writer together, some time after the first") {
  FullWriter full;
  const TimePoint begun = full.bench.clock.now();
  full.complete(get("/1"));
  full.timers.advance_to(begun + AccessLog::kPatience - Duration(1));
  full.complete(get("/2"));
  CHECK(full.given() == 0);
  full.timers.advance_to(begun + AccessLog::kPatience);
  CHECK(full.given() == 2);
  CHECK(full.timers.size() == 0);
}

TEST_CASE("Lines go to the writer when the buffer is full, and at the end") {
  std::string line;
  AccessLines().append(line, {.request = get("/"), .peer = Bench().peer, .started = WallTime()});
  const std::size_t rest = line.size() + 1 - 1;  // with its newline, without the target
  FullWriter full;
  {
    AccessLog log({.common = &full.writer}, full.timers, full.bench.clock);
    const auto complete = [&](std::size_t bytes) {
      const Request request = get(std::string(bytes - rest, 'a'));
      log.on_complete({.request = request, .peer = full.bench.peer, .started = WallTime()});
    };
    static_assert(AccessLog::kBuffer % 1024 == 0);
    for (std::size_t i = 0; i + 1 < AccessLog::kBuffer / 1024; ++i) complete(1024);
    complete(1023);
    CHECK(full.given() == 0);
    complete(1024);
    CHECK(full.given() == AccessLog::kBuffer / 1024 + 1);
    complete(1024);
  }
  CHECK(full.given() == AccessLog::kBuffer / 1024 + 2);
}

TEST_CASE("Each site's lines go to its own log, and those of others to the common one") {
  TimerQueue timers;
  const Bench bench;
  const auto full = [] {
    return std::make_unique<WriterThread>(LogOutput("/dev/null", 0600),
                                          WriterThread::Options{.queue_bytes = 0});
  };
  const auto common = full(), shared = full();
  const AccessLogs logs{.common = common.get(),
                        .of_sites = {shared.get(), nullptr, common.get(), shared.get()}};
  {
    AccessLog log(logs, timers, bench.clock);
    const auto complete = [&](std::uint32_t site, int times) {
      const Request request = get("/");
      for (int i = 0; i < times; ++i) {
        log.on_complete({.request = request,
                         .peer = bench.peer,
                         .started = WallTime(),
                         .routed = {.site = site}});
      }
    };
    complete(0, 1);
    complete(3, 2);
    complete(1, 4);  // off
    complete(2, 8);
    complete(4, 16);  // there is none with that number
    complete(Routed::kNone, 32);
  }
  CHECK(shared->dropped() == 1 + 2);
  CHECK(common->dropped() == 8 + 16 + 32);
}

TEST_CASE("A log that is off for all is off; one site's suffices") {
  WriterThread writer(LogOutput("/dev/null", 0600));
  CHECK(!AccessLogs{}.on());
  CHECK(!AccessLogs{.of_sites = {nullptr}}.on());
  CHECK(AccessLogs{.of_sites = {nullptr, &writer}}.on());
  CHECK(AccessLogs{.common = &writer}.on());
}
