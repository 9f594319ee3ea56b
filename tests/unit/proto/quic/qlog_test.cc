#include <algorithm>

#include "logs.h"
#include "packets.h"
#include "proto/quic/qlog.h"

namespace troika::test {
namespace {

struct Kept {
  Logs logs;  // outlives the endpoint
};
struct LoggedWorld : Kept, QuicWorld {
  explicit LoggedWorld(quic::EndpointConfig config = endpoint_config()) {
    config.qlog = &logs;
    start(config);
  }
};

bool has_event(const std::vector<Json>& records, const std::string& name) {
  return std::ranges::any_of(
      records, [&](const Json& r) { return r.contains("name") && r.at("name") == name; });
}

bool has_frame(const std::vector<Json>& records, const std::string& event,
               const std::string& frame) {
  return std::ranges::any_of(records, [&](const Json& record) {
    if (!record.contains("name") || record.at("name") != event) return false;
    return std::ranges::any_of(record.at("data").at("frames"),
                               [&](const Json& each) { return each.at("frame_type") == frame; });
  });
}

TEST_CASE("The log of a connection is whole records from its first packet to its last") {
  LoggedWorld w;
  ClientSide& client = w.connect_and_establish();
  REQUIRE(w.ask(client, "send 100000"));
  REQUIRE(w.logs.all.size() == 1);
  const Logs::Log& log = *w.logs.all[0];
  CHECK(log.remote == client.port->address());
  CHECK_FALSE(log.ended);
  client.quic->close(0x100, w.world.clock.now());
  REQUIRE(w.run_until([&] { return log.ended; }, 1s));
  CHECK(w.endpoint->objects() == 1);  // its draining needs no log

  const std::vector<Json> records = read_json_sequence(log.text);
  const Json& header = records.front();
  CHECK(header.at("qlog_format") == "JSON-SEQ");
  CHECK(header.at("qlog_version") == "0.3");
  CHECK(header.at("trace").at("vantage_point").at("type") == "server");
  CHECK(header.at("trace").at("common_fields").at("group_id") == log.id);
  double before = 0;
  for (const Json& record : std::span(records).subspan(1)) {
    CHECK(record.at("time").get<double>() >= before);
    before = record.at("time").get<double>();
    CHECK(record.contains("data"));
  }
  for (const char* name : {"transport:parameters_set", "transport:packet_sent",
                           "transport:packet_received", "recovery:metrics_updated"}) {
    INFO(name);
    CHECK(has_event(records, name));
  }
  CHECK(has_frame(records, "transport:packet_received", "connection_close"));
}

TEST_CASE("What is lost is in the log") {
  LoggedWorld w;
  ClientSide& client = w.connect_and_establish();
  w.to_client(client).loss = 0.2;
  REQUIRE(w.ask(client, "send 200000"));
  CHECK(has_event(read_json_sequence(w.logs.all.at(0)->text), "recovery:packet_lost"));
}

// The library's own name for it, group_id, is then the id that the Retry gave out.
TEST_CASE("A log is asked for by the id that the client began with, after a Retry, too") {
  LoggedWorld w(with_retry(0));
  REQUIRE(w.establish(w.connect()));
  CHECK(w.endpoint->counters().retries_sent > 0);
  REQUIRE(w.logs.all.size() == 1);
  const Logs::Log& log = *w.logs.all[0];
  const std::vector<Json> records = read_json_sequence(log.text);
  const Json ours = parameters_of(log);
  CHECK(ours.at("original_destination_connection_id") == log.id);
  CHECK(ours.at("retry_source_connection_id").get<std::string>() ==
        records.front().at("trace").at("common_fields").at("group_id").get<std::string>());
}

TEST_CASE("A connection whose log nobody wants goes without") {
  LoggedWorld w;
  w.logs.wanted = false;
  CHECK(w.ask(w.connect(), "send 1000"));
  CHECK(w.logs.asked == 1);
}

TEST_CASE("A ClientHello whose parts come in another order has one log, and it is whole") {
  LoggedWorld w;
  const std::vector<Bytes> flight = first_flight(w);
  REQUIRE(flight.size() == 2);
  w.inject(flight[1], stranger());
  CHECK(w.logs.asked == 1);
  CHECK(w.logs.all.empty());
  w.inject(flight[0], stranger());
  REQUIRE(w.logs.all.size() == 1);
  const Logs::Log& log = *w.logs.all[0];
  CHECK(log.remote == stranger());
  const std::vector<Json> records = read_json_sequence(log.text);
  CHECK(records.front().at("qlog_format") == "JSON-SEQ");
  CHECK(has_frame(records, "transport:packet_received", "crypto"));
  CHECK(has_frame(records, "transport:packet_sent", "crypto"));
}

TEST_CASE("First packets that begin nothing make no logs") {
  LoggedWorld w;
  for (std::size_t i = 0; i < 10; ++i) w.inject(undecryptable(w), stranger(i));
  w.inject(farewell(w), stranger(10));
  CHECK(w.logs.asked == 11);
  CHECK(w.logs.all.empty());
  REQUIRE(w.establish(w.connect()));
  CHECK(w.logs.all.size() == 1);
}

TEST_CASE("So much of a log waits for the first packet; of more there is none") {
  for (const std::size_t more : {std::size_t{0}, std::size_t{1}}) {
    Logs logs;
    quic::PendingQlog log;
    log.hold();
    std::string record(quic::PendingQlog::kMost + more, 'a');
    record.front() = '\x1e';
    record.back() = '\n';
    log.write(std::as_bytes(std::span(record)));
    CHECK(log.waiting() == (more == 0));
    if (log.waiting()) log.open(logs.open({}, {}));
    log.write(std::as_bytes(std::span(record)));
    log.end();
    REQUIRE(logs.all.size() == 1 - more);
    if (more != 0) continue;
    CHECK(logs.all[0]->text == record + record);
    CHECK(logs.all[0]->ended);
  }
}

TEST_CASE("Logs end with the endpoint, whatever state their connections are in") {
  LoggedWorld w;
  REQUIRE(w.establish(w.connect()));
  w.connect();
  REQUIRE(w.run_until([&] { return w.logs.all.size() == 2; }, 1s));
  w.world.leave(w.port);
  w.endpoint.reset();
  CHECK(w.logs.all[0]->ended);
  CHECK(w.logs.all[1]->ended);
}

}  // namespace
}  // namespace troika::test
