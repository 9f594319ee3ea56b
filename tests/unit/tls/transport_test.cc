#include "base/random.h"
#include "tls/transport/tls_transport.h"
#include "unit/tls/tls_pair.h"

using namespace troika;
using namespace troika::test;
using tls::RecordSize;
using tls::TlsConnection;

namespace {

constexpr int kApplicationData = 23;

// Sizes of the plaintext of each record, as TLS 1.3 shows them: less type and tag.
std::vector<std::size_t> payloads(std::string_view wire) {
  std::vector<std::size_t> sizes;
  for (const WireRecord& record : records_of(wire)) {
    REQUIRE(record.type == kApplicationData);
    sizes.push_back(record.size - 17);
  }
  return sizes;
}

}  // namespace

TEST_CASE_METHOD(TlsPair, "bytes written before and after the handshake arrive after on_ready") {
  client.queue.append_copy("early bird");
  REQUIRE(shake_hands());
  CHECK(server.received == "early bird");
  CHECK(server.events == "ready bytes ");
  server.queue.append_copy("worm");
  run();
  CHECK(client.received == "worm");
  CHECK(client.events == "ready bytes ");
}

TEST_CASE_METHOD(TlsPair, "a megabyte each way is the same through any small buffers") {
  SeededRandom random(20261);
  const std::string up = random_text(1U << 20U, 1), down = random_text(1U << 20U, 2);
  client.queue.append_copy(up);
  server.queue.append_copy(down);
  open_client();
  const bool quiet = link.run([&] {
    for (const End end : {End::client, End::server}) {
      link.sent_by(end).capacity = 1 + random.below(9000);
      link.sent_by(end).max_chunk = 1 + random.below(6000);
    }
    const bool at_client = client.flush(now);
    return server.flush(now) || at_client;
  });
  CHECK(quiet);
  CHECK(server.received == up);
  CHECK(client.received == down);
  CHECK(client.transport->unsent() == 0);
  CHECK(server.transport->unsent() == 0);
  CHECK_FALSE(client.failed);
}

TEST_CASE_METHOD(TlsPair, "every byte may come alone") {
  link.sent_by(End::client).max_chunk = 1;
  link.sent_by(End::server).max_chunk = 1;
  client.queue.append_copy(random_text(3000, 3));
  REQUIRE(shake_hands());
  CHECK(server.received == random_text(3000, 3));
}

TEST_CASE_METHOD(TlsPair, "small pieces of a queue share a record, and many records one write") {
  REQUIRE(shake_hands());
  std::string& wire = record(End::server);
  const std::string body = random_text(100'000, 4);
  for (std::size_t at = 0; at < body.size(); at += 1000) {
    server.queue.append(server.pool.copy(std::string_view(body).substr(at, 1000)));
  }
  const std::size_t before = link.sent_by(End::server).writes;
  server.flush(now);
  CHECK(link.sent_by(End::server).writes == before + 1);
  run();
  CHECK(client.received == body);

  const auto sizes = payloads(wire);
  const std::size_t small = (RecordSize::kSmallBytes + RecordSize::kSmall - 1) / RecordSize::kSmall;
  REQUIRE(sizes.size() == small + 5);
  for (std::size_t i = 0; i < sizes.size() - 1; ++i) {
    CHECK(sizes[i] == (i < small ? RecordSize::kSmall : RecordSize::kFull));
  }
}

TEST_CASE_METHOD(TlsPair, "what fills records by itself is not gathered with what comes before") {
  REQUIRE(shake_hands());
  server.queue.append_copy(random_text(RecordSize::kSmallBytes + RecordSize::kSmall, 7));
  run();  // records are full from now on
  std::string& wire = record(End::server);
  wire.clear();
  const std::string body = random_text(65536, 8);
  server.queue.append_copy("head");
  for (int i = 0; i < 2; ++i) server.queue.append(server.pool.copy(body));
  server.queue.append_copy("trailers");
  run();
  CHECK(client.received.ends_with("head" + body + body + "trailers"));
  // The budget of one write ends in front of the record that it would cut short.
  std::vector<std::size_t> expected(9, RecordSize::kFull);
  expected.front() = 4;
  expected.push_back(8);
  CHECK(payloads(wire) == expected);
}

TEST_CASE_METHOD(TlsPair, "a connection whose buffers were freed goes on") {
  REQUIRE(shake_hands());
  for (int i = 0; i < 3; ++i) {
    SSL_free_buffers(server.ssl);
    SSL_free_buffers(client.ssl);
    server.queue.append_copy("down");
    client.queue.append_copy("up");
    run();
  }
  CHECK(client.received == "downdowndown");
  CHECK(server.received == "upupup");
}

TEST_CASE_METHOD(TlsPair, "records become small again after more than a second of silence") {
  REQUIRE(shake_hands());
  const std::string body = random_text(80'000, 5);
  server.queue.append_copy(body);
  run();
  std::string& wire = record(End::server);
  const auto first_record_after = [&](Duration pause) {
    now += pause;
    wire.clear();
    server.queue.append_copy(std::string_view(body).substr(0, 40'000));
    run();
    return payloads(wire).front();
  };
  CHECK(first_record_after(RecordSize::kIdle) == RecordSize::kFull);
  CHECK(first_record_after(RecordSize::kIdle + 1ns) == RecordSize::kSmall);
  CHECK(first_record_after(1ms) == RecordSize::kFull);
}

TEST_CASE_METHOD(TlsPair, "a reader that stops pins at most 128 KiB, and gets the rest later") {
  REQUIRE(shake_hands());
  const std::string body = random_text(2U << 20U, 6);
  server.queue.append_copy(body);
  link.sent_by(End::server).capacity = 20'000;
  client.transport->set_reading(false);
  run();
  CHECK(server.transport->write_budget() == 0);
  CHECK(server.most_unsent <= TlsConnection::kTailMax);
  CHECK(server.most_unsent > TlsConnection::kTailMax / 2);
  CHECK_FALSE(server.queue.empty());
  CHECK(client.received.empty());

  client.transport->set_reading(true);
  run();
  CHECK(client.received == body);
  CHECK(server.most_unsent <= TlsConnection::kTailMax);
  CHECK(server.told("writable"));
  CHECK(server.transport->unsent() == 0);
}

TEST_CASE_METHOD(TlsPair, "nothing is taken above the low mark of the tail, at the mark it is") {
  REQUIRE(shake_hands());
  auto& pipe = link.sent_by(End::server);
  server.queue.append_copy(random_text(40'000, 7));  // past the small records
  run();
  CHECK(server.transport->write_budget() == 7 * RecordSize::kFull);

  constexpr std::size_t kPayload = 15'000, kRecord = kPayload + 22;
  pipe.capacity = 0;
  server.queue.append_copy(random_text(kPayload, 8));
  REQUIRE(server.transport->write(server.queue, now));
  CHECK(server.transport->unsent() == kRecord);
  CHECK(server.transport->write_budget() == 6 * RecordSize::kFull);
  constexpr std::size_t kRest = TlsConnection::kTailLow - kRecord - 22;
  server.queue.append_copy(random_text(kRest, 9));
  REQUIRE(server.transport->write(server.queue, now));
  CHECK(server.transport->unsent() == TlsConnection::kTailLow);
  CHECK(server.transport->write_budget() > 0);
  server.queue.append_copy("x");
  REQUIRE(server.transport->write(server.queue, now));
  CHECK(server.transport->unsent() == TlsConnection::kTailLow + 23);
  CHECK(server.transport->write_budget() == 0);
  server.queue.append_copy("y");
  REQUIRE(server.transport->write(server.queue, now));
  CHECK(server.queue.size() == 1);

  pipe.capacity = 1U << 20U;
  run();
  CHECK(server.queue.empty());
  CHECK(client.received.ends_with("xy"));
  CHECK(client.received.size() == 40'000 + kPayload + kRest + 2);
}

TEST_CASE_METHOD(TlsPair, "nothing can be written before the handshake is done") {
  server.queue.append_copy("too early");
  CHECK(server.transport->write_budget() == 0);
  REQUIRE(server.transport->write(server.queue, now));
  CHECK(server.queue.size() == 9);
  CHECK(link.sent_by(End::server).total == 0);
}

TEST_CASE_METHOD(TlsPair, "reading can be stopped between two records of one delivery") {
  REQUIRE(shake_hands());
  const std::string body = random_text(50'000, 10);
  client.queue.append_copy(body);
  server.stop_after_bytes = true;
  run();
  CHECK(server.received.size() == RecordSize::kSmall);
  CHECK_FALSE(link.reads(End::server));
  // Each time it goes on, the next record comes, from what was kept or from the stream.
  std::size_t rounds = 1;
  while (server.received.size() < body.size() && rounds < 1000) {
    const std::size_t before = server.received.size();
    server.transport->set_reading(true);
    run();
    REQUIRE(server.received.size() > before);
    ++rounds;
  }
  CHECK(server.received == body);
  CHECK(rounds > 20);
}

TEST_CASE_METHOD(TlsPair, "what was kept while reading was off comes before the end") {
  REQUIRE(shake_hands());
  const std::string body = random_text(20'000, 11);
  client.queue.append_copy(body);
  server.stop_after_bytes = true;
  client.flush(now);
  client.transport->shutdown_write();
  run();
  CHECK(server.events == "ready bytes ");
  server.stop_after_bytes = false;
  server.transport->set_reading(true);
  run();
  CHECK(server.received == body);
  CHECK(server.events == "ready bytes end ");
}

TEST_CASE_METHOD(TlsPair, "close_notify ends one direction and leaves the other") {
  REQUIRE(shake_hands());
  client.queue.append_copy("question");
  client.flush(now);
  client.transport->shutdown_write();
  CHECK(client.transport->write_budget() == 0);
  run();
  CHECK(server.events == "ready bytes end ");
  CHECK(link.sent_by(End::client).fin);
  server.queue.append_copy("answer");
  run();
  CHECK(client.received == "answer");
  server.transport->shutdown_write();
  run();
  CHECK(client.events == "ready bytes end ");
  CHECK(link.sent_by(End::server).fin);
  CHECK_FALSE(client.closed);
  CHECK_FALSE(server.closed);
}

TEST_CASE_METHOD(TlsPair, "close_notify and FIN wait for all that was written") {
  REQUIRE(shake_hands());
  const std::string body = random_text(60'000, 12);
  link.sent_by(End::server).capacity = 1000;
  server.queue.append_copy(body);
  server.flush(now);
  REQUIRE(server.queue.empty());
  server.transport->shutdown_write();
  CHECK_FALSE(link.sent_by(End::server).fin);
  run();
  CHECK(client.received == body);
  CHECK(client.events == "ready bytes end ");
  CHECK(link.sent_by(End::server).fin);
}

TEST_CASE_METHOD(TlsPair, "what the peer has sent is read though nothing can be written any more") {
  REQUIRE(shake_hands());
  server.queue.append_copy("response");
  server.flush(now);
  for (int i = 0; i < 2; ++i) {  // the second one brings out the reply to the first
    SSL_key_update(server.ssl, SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(server.ssl);
  }
  server.queue.append_copy(" and more");
  server.flush(now);
  server.transport->shutdown_write();
  server.transport.reset();  // its FIN is on its way, and nobody reads the reply to the update
  client.events.clear();
  REQUIRE(link.run());
  CHECK(client.received == "response and more");
  CHECK(client.events == "bytes end writable ");
  CHECK_FALSE(client.transport->flush());
  client.queue.append_copy("request");
  CHECK_FALSE(client.transport->write(client.queue, now));
  CHECK(client.transport->unsent() == 0);
  client.queue.clear();
}

TEST_CASE_METHOD(TlsPair, "a FIN without close_notify is a cut and not an end") {
  REQUIRE(shake_hands());
  client.queue.append_copy("half a");
  client.flush(now);
  link.inject_fin(End::client);
  run();
  CHECK(server.received == "half a");
  CHECK(server.events == "ready bytes closed ");
  CHECK(server.closed->code == ErrorCode::closed);
  CHECK(server.closed->detail.contains("truncated"));
}

TEST_CASE_METHOD(TlsPair, "a FIN in the middle of kept input is told after that input") {
  REQUIRE(shake_hands());
  const std::string body = random_text(9'000, 13);
  client.queue.append_copy(body);
  server.stop_after_bytes = true;
  client.flush(now);
  run();
  server.stop_after_bytes = false;
  link.inject_fin(End::client);
  server.transport->set_reading(false);
  link.deliver_anyway(End::server);
  run();
  CHECK_FALSE(server.closed);
  CHECK(server.received.size() < body.size());
  server.transport->set_reading(true);
  run();
  CHECK(server.received == body);
  CHECK(server.closed);
}

TEST_CASE_METHOD(TlsPair, "a reset of the stream is passed on") {
  REQUIRE(shake_hands());
  client.transport->reset();
  client.transport.reset();
  link.run();
  CHECK(server.closed->detail == "reset by the peer");
}

TEST_CASE_METHOD(TlsPair, "a key update goes both ways before the next data") {
  REQUIRE(shake_hands());
  REQUIRE(SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED) == 1);
  client.queue.append_copy("after");
  run();
  CHECK(server.received == "after");
  std::string& wire = record(End::server);
  server.queue.append_copy("also");
  run();
  CHECK(client.received == "also");
  CHECK(records_of(wire).size() == 2);
}

TEST_CASE_METHOD(TlsPair, "a client that asks for key updates and reads nothing stops being read") {
  REQUIRE(shake_hands());
  link.sent_by(End::server).capacity = 0;
  server.queue.append_copy(std::string(2 * TlsConnection::kTailMax, 'x'));
  while (server.flush(now)) {
  }
  REQUIRE(server.transport->unsent() > TlsConnection::kTailLow);
  for (std::size_t i = 0; i < 10'000 && link.reads(End::server); ++i) {
    SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(client.ssl);
    REQUIRE(client.transport->flush());
    link.pump();
    if (i % 50 == 0) server.clock.monotonic += 1s;
  }
  CHECK_FALSE(server.closed);
  CHECK_FALSE(link.reads(End::server));
  CHECK(server.transport->unsent() > TlsConnection::kTailMax);
  CHECK(server.transport->unsent() <= TlsConnection::kTailMax + 1000);
  client.queue.append_copy("later");
  client.flush(now);
  link.pump();
  CHECK(server.received.empty());
  link.sent_by(End::server).capacity = 1U << 20U;
  run();
  CHECK(server.received == "later");
  CHECK(link.reads(End::server));
  CHECK(server.transport->unsent() == 0);
}

// So many key updates, in one read of the server.
void update_keys(TlsPair& pair, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    SSL_key_update(pair.client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(pair.client.ssl);
  }
  std::ignore = pair.client.transport->flush();
  pair.run();
}

TEST_CASE("a hundred key updates in a second are taken, and one more closes the connection") {
  for (const std::size_t over : {0U, 1U, 900U}) {
    TlsPair pair;
    REQUIRE(pair.shake_hands());
    update_keys(pair, 60);
    pair.server.clock.monotonic += 1s - 1ns;
    update_keys(pair, 40 + over);
    REQUIRE(pair.server.closed.has_value() == (over > 0));
    if (over > 0) {
      CHECK(pair.server.closed->code == ErrorCode::limit);
      continue;
    }
    pair.server.clock.monotonic += 1ns;
    update_keys(pair, 100);
    pair.client.queue.append_copy("still there");
    pair.run();
    CHECK(pair.server.received == "still there");
  }
}

TEST_CASE("a thousand key updates are taken in all, and one more closes the connection") {
  TlsPair pair;
  REQUIRE(pair.shake_hands());
  for (int i = 0; i < 20; ++i, pair.server.clock.monotonic += 1h) update_keys(pair, 50);
  pair.client.queue.append_copy("still there");
  pair.run();
  CHECK(pair.server.received == "still there");
  CHECK_FALSE(pair.server.closed);
  update_keys(pair, 1);
  REQUIRE(pair.server.closed);
  CHECK(pair.server.closed->code == ErrorCode::limit);
  CHECK(pair.server.closed->detail == "too many TLS messages after the handshake");
}

TEST_CASE_METHOD(TlsPair, "without memory for TLS a connection is closed, with the reason") {
  client.open(link.open(End::client), nullptr);
  REQUIRE(client.closed);
  CHECK(client.closed->code == ErrorCode::unavailable);
}
