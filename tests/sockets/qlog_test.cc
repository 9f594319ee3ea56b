// qlog files of real sessions, as a viewer would read them.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "support/json.h"
#include "support/live_client.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;

namespace {

struct Logged {
  explicit Logged(const std::string& only = "")
      : group(std::in_place, 2, std::function<void(Startup&)>{}, [&](Config& options) {
          options.log.qlog = folder.path().string();
          if (!only.empty()) options.log.qlog_only = must(parse_qlog_filter(only));
        }) {}

  void ask() {
    client::Connection& connection = client.connect(client::Protocol::h3, group->address);
    CHECK(client.ask(connection).status == 200);
    client->drop(connection);
  }
  // By name, with all that was to be written.
  std::map<std::string, std::string> files() {
    group.reset();
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      std::ifstream in(entry.path(), std::ios::binary);
      std::ostringstream text;
      text << in.rdbuf();
      all[entry.path().filename().string()] = text.str();
    }
    return all;
  }

  TemporaryFolder folder;
  std::optional<LiveGroup> group;
  LiveClient client;
};

bool is_named(const Json& record, const std::string& name) {
  return record.contains("name") && record.at("name") == name;
}

std::set<std::string> frames_of(const std::vector<Json>& records, const std::string& event) {
  std::set<std::string> kinds;
  for (const Json& record : records) {
    if (!is_named(record, event)) continue;
    for (const Json& frame : record.at("data").at("frames")) {
      kinds.insert(frame.at("frame_type").get<std::string>());
    }
  }
  return kinds;
}

// What qvis asks of a file before it shows it, and of a packet for its diagrams.
void check_log(const std::string& name, const std::vector<Json>& records) {
  const Json& header = records.at(0);
  CHECK(header.at("qlog_format") == "JSON-SEQ");
  CHECK(header.at("qlog_version") == "0.3");
  const Json& trace = header.at("trace");
  CHECK(trace.at("vantage_point").at("type") == "server");
  CHECK(trace.at("common_fields").at("time_format") == "relative");
  CHECK(trace.at("common_fields").at("group_id").get<std::string>() + ".sqlog" == name);
  const std::set<std::string> known{"transport:parameters_set", "transport:packet_sent",
                                    "transport:packet_received", "recovery:metrics_updated",
                                    "recovery:packet_lost"};
  double before = 0;
  for (const Json& record : std::span(records).subspan(1)) {
    CHECK(known.contains(record.at("name").get<std::string>()));
    CHECK(record.at("time").get<double>() >= before);
    before = record.at("time").get<double>();
    if (!record.at("name").get<std::string>().starts_with("transport:packet_")) {
      CHECK(!record.at("data").empty());
      continue;
    }
    const Json& packet = record.at("data");
    const std::set<std::string> types{"initial", "handshake", "0RTT", "1RTT"};
    CHECK(types.contains(packet.at("header").at("packet_type").get<std::string>()));
    CHECK(packet.at("header").at("packet_number").get<double>() >= 0);
    CHECK(packet.at("raw").at("length").get<double>() > 0);
  }
  for (const std::string& event : known) {
    if (event == "recovery:packet_lost") continue;
    INFO(event);
    CHECK(std::ranges::any_of(records, [&](const Json& r) { return is_named(r, event); }));
  }
}

}  // namespace

TEST_CASE("The qlog of an HTTP/3 session is a JSON text sequence with the drafts' event names") {
  Logged logged;
  for (int i = 0; i < 4; ++i) logged.ask();
  const auto files = logged.files();
  CHECK(files.size() == 4);
  for (const auto& [name, text] : files) {
    INFO(name);
    const std::vector<Json> records = read_json_sequence(text);
    check_log(name, records);
    const auto sent = frames_of(records, "transport:packet_sent");
    const auto received = frames_of(records, "transport:packet_received");
    for (const char* kind : {"crypto", "ack", "stream", "handshake_done", "new_connection_id"}) {
      INFO(kind);
      CHECK(sent.contains(kind));
    }
    for (const char* kind : {"crypto", "ack", "stream"}) CHECK(received.contains(kind));
  }
}

TEST_CASE("Clients of another address leave no qlog") {
  for (const auto& [only, files] : {std::pair("127.0.0.2", 0U), {"127.0.0.0/8", 1U}}) {
    Logged logged(only);
    logged.ask();
    CHECK(logged.files().size() == files);
  }
}
