// qlog files of real sessions, as a viewer would read them.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "client/client.h"
#include "support/json.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

struct Logged {
  explicit Logged(const std::string& only = "", unsigned workers = 2)
      : group(std::in_place, workers, std::function<void(Startup&)>{}, [&](Config& options) {
          options.log.qlog = folder.path().string();
          if (!only.empty()) options.log.qlog_only = must(parse_qlog_filter(only));
        }) {}

  client::Connection& ask() {
    client::Connection* const connection =
        must(client->connect(client::Protocol::h3, group->address, "localhost"));
    REQUIRE(client->run_until([&] { return connection->ready(); }, kPatience));
    client::Fetch& fetch =
        client->fetch(*connection, client::make_request("GET", "localhost", "/"));
    REQUIRE(client->run_until([&] { return fetch.done(); }, kPatience));
    CHECK(fetch.status() == 200);
    client->drop(fetch);
    return *connection;
  }
  // By name; what is in them now.
  std::map<std::string, std::string> files() const {
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
  std::unique_ptr<client::Client> client = must(client::Client::make({test_certificate().ca_file}));
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
  for (int i = 0; i < 4; ++i) logged.client->drop(logged.ask());
  logged.group.reset();  // and with it all that was to be written
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

// So it is after kill -9: the file is what was written to it, up to the last whole record.
TEST_CASE("The qlog of a connection that lives can be read already") {
  Logged logged;
  logged.ask();
  std::vector<Json> records;
  REQUIRE(logged.client->run_until(
      [&] {
        const auto files = logged.files();
        if (files.size() != 1) return false;
        const std::string& text = files.begin()->second;
        records = read_json_sequence(text.substr(0, text.rfind('\n') + 1));
        return frames_of(records, "transport:packet_sent").contains("stream");
      },
      kPatience));
  check_log(logged.files().begin()->first, records);
  CHECK(logged.group->each<std::size_t>([](Worker& w) { return w.connections(); }).size() == 2);
}

TEST_CASE("First packets that nobody can decrypt leave no qlog, and take no other's place") {
  Logged logged("", 1);
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  REQUIRE(socket);
  constexpr std::uint8_t kCount = 70;  // more than there may be logs at a time
  for (std::uint8_t i = 0; i < kCount; ++i) {
    // RFC 9000 §17.2.2: version 1, two ids of eight bytes, no token, 1174 bytes of what is nothing.
    std::vector<std::uint8_t> packet{0xc0, 0, 0, 0, 1};
    packet.insert(packet.end(), {8, i, 1, 2, 3, 4, 5, 6, 7, 8, i, 1, 2, 3, 4, 5, 6, 7});
    packet.insert(packet.end(), {0, 0x44, 0x96});
    packet.resize(1200, 0x5a);
    const Address& server = logged.group->address;
    REQUIRE(sendto(socket.get(), packet.data(), packet.size(), 0, server.get(), server.size()) ==
            1200);
  }
  REQUIRE(logged.client->run_until(
      [&] {
        return logged.group->each<std::uint64_t>(
                   [](Worker& w) { return w.quic().datagrams_in; })[0] >= kCount;
      },
      kPatience));
  logged.ask();
  logged.group.reset();
  CHECK(logged.files().size() == 1);
}

TEST_CASE("Clients of another address leave no qlog") {
  Logged others("127.0.0.2");
  others.ask();
  others.group.reset();
  CHECK(others.files().empty());
  Logged all("127.0.0.0/8");
  all.ask();
  all.group.reset();
  CHECK(all.files().size() == 1);
}
