#include "server/logs.h"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "base/text.h"
#include "support/file_text.h"
#include "support/session_harness.h"
#include "tools/rig/live_server.h"
#include "tools/rig/temporary_folder.h"

using namespace troika;
using namespace troika::test;

namespace {

const SimClock kClock;

struct Rig {
  Rig() { config.sites.clear(); }
  std::string path(std::string_view name) const { return (folder.path() / name).string(); }
  void add_site(std::string access_log) {
    config.sites.push_back({.access_log = std::move(access_log), .routes = {RouteSpec{}}});
  }

  rig::TemporaryFolder folder;
  Config config;
  ServerLog server{LogOutput("/dev/null", 0600), ServerLog::Form::terminal, LogLevel::notice,
                   kClock};
};

}  // namespace

TEST_CASE("A site has the common log, one of its own, that of another or none") {
  Rig rig;
  rig.config.log.access = rig.path("all");
  rig.config.log.format = LogFormat::json;
  rig.config.log.redact.query = true;
  for (const std::string& where :
       {std::string(), rig.path("own"), rig.path("own"), std::string("off"), rig.path("all")}) {
    rig.add_site(where);
  }
  const auto logs = rig::must(Logs::open(rig.config, rig.server));
  const AccessLogs access = logs->access();
  CHECK(access.format == LogFormat::json);
  CHECK(access.redact.query);
  REQUIRE(access.of_sites.size() == 5);
  REQUIRE(access.common != nullptr);
  CHECK(access.of_sites[0] == access.common);
  CHECK(access.of_sites[1] != access.common);
  CHECK(access.of_sites[1] == access.of_sites[2]);
  CHECK(access.of_sites[3] == nullptr);
  CHECK(access.of_sites[4] == access.common);
  CHECK(Logs::files_of(rig.config) == 2);
}

TEST_CASE("All access logs are made anew when they were renamed") {
  Rig rig;
  rig.config.log.access = rig.path("all");
  rig.add_site(rig.path("own"));
  {
    const auto logs = rig::must(Logs::open(rig.config, rig.server));
    for (const char* const name : {"all", "own"}) {
      std::filesystem::rename(rig.path(name), rig.path(name) + ".1");
    }
    logs->reopen();
    logs->access().common->line("a");
    logs->access().of_sites.front()->line("b");
  }
  CHECK(file_text(rig.path("all")) == "a\n");
  CHECK(file_text(rig.path("own")) == "b\n");
}

TEST_CASE("64 files of access logs are enough, one more is refused") {
  Rig rig;
  rig.config.log.access = "off";
  for (std::size_t i = 0; i < Logs::kMostFiles; ++i) rig.add_site(rig.path(formatted("{}", i)));
  CHECK(Logs::open(rig.config, rig.server));
  rig.add_site(rig.path("one more"));
  const auto refused = Logs::open(rig.config, rig.server);
  REQUIRE(!refused);
  CHECK(refused.error() ==
        "there are more than 64 access logs: let some sites write to the same file");
  CHECK(Logs::files_of(rig.config) == Logs::kMostFiles);
}

TEST_CASE("A log that cannot be opened is a sentence that says what to do") {
  Rig rig;
  const std::string missing = rig.path("none/log");
  rig.config.log.access = "off";
  rig.add_site(missing);
  const auto access = Logs::open(rig.config, rig.server);
  REQUIRE(!access);
  CHECK(access.error() == "cannot write the access log " + missing +
                              ": No such file or directory; choose another file with "
                              "--access-log, or \"off\"");
  rig.config.log.server = missing;
  const auto server = Logs::open_server_log(rig.config, kClock);
  REQUIRE(!server);
  CHECK(server.error() == "cannot write the server log " + missing +
                              ": No such file or directory; choose another file with "
                              "--server-log, or \"-\" for standard error");
}
