// Bounds at n and n + 1, and the deadlines of requests that never become whole.
#include "wire.h"

using namespace troika;
using namespace troika::test;

namespace {

std::uint16_t only_status(const RawServer& raw) {
  return raw.observer.entries.size() == 1 ? raw.observer.entries[0].status : std::uint16_t{0};
}

std::size_t cost(const Fields& fields) {
  std::size_t sum = 0;
  for (const auto& [name, value] : fields) sum += name.size() + value.size() + 32;
  return sum;
}

// RFC 9204: a request whose fields refer to the first entry of the table, and that entry on the
// encoder stream, "x: 1" (§4.3). Required insert count 1 is coded as 2, with base 0 above it.
std::string with_reference() {
  return frame(1, std::string("\x02\x00", 2) + literal_lines(get_fields()) + '\x80');
}
std::string entry(std::string_view name = "x", std::string_view value = "1") {
  return varint(2) + prefixed(0x20, 5, 4096) + prefixed(0x40, 5, name.size()) + std::string(name) +
         prefixed(0, 7, value.size()) + std::string(value);
}

}  // namespace

TEST_CASE("h3: a field section of exactly the limit is served, one byte more gives 431") {
  for (const std::size_t over : {0U, 1U}) {
    RawServer raw;
    raw.limits.header_list_bytes = 1000;
    raw.start();
    Fields fields = get_fields();
    fields.emplace_back("x-pad", "");
    fields.back().second.assign(1000 - cost(fields) + over, 'x');
    REQUIRE(cost(fields) == 1000 + over);
    raw.exchange(0, headers_frame(fields), true);
    CHECK(only_status(raw) == (over == 0 ? 200 : 431));
    CHECK(raw.handler.started == (over == 0 ? 1 : 0));
    CHECK(raw.quic.alive());
  }
}

// A section of references to an entry of 3900 bytes, a byte each, for a head or for trailers.
std::string bomb(std::size_t references, const Fields& fields) {
  return std::string("\x02\x00", 2) + literal_lines(fields) +
         std::string(references, static_cast<char>(0x80));
}

TEST_CASE("h3: what one reference brings counts like the field itself, and far too many end it") {
  for (const std::size_t references : {12U, 30U, 5000U}) {
    CAPTURE(references);
    OpenServer raw;
    raw.send(kEncoder, entry("bomb", std::string(3900, 'v')));
    raw.exchange(0, frame(1, bomb(references, get_fields())), true);
    CHECK(raw.handler.started == 0);
    if (references == 12) {
      CHECK(only_status(raw) == 431);
      CHECK(raw.quic.alive());
    } else {
      CHECK(raw.quic.closed == kExcessiveLoad);
    }
  }
}

// nghttp3 looks at all bytes of a field before it drops it, and tells nobody.
TEST_CASE("h3: a few fields that are not valid are dropped, and more of them end the connection") {
  for (const bool trailers : {false, true}) {
    for (const std::size_t references : {16U, 17U, 5000U}) {
      CAPTURE(trailers, references);
      OpenServer raw;
      raw.send(kEncoder, entry("bomb", std::string(3900, 'v') + "\n"));
      const std::string head = trailers ? headers_frame(post_fields()) : std::string{};
      const std::string section = frame(1, bomb(references, trailers ? Fields{} : get_fields()));
      raw.exchange(0, head + section, true);
      CHECK(raw.handler.started == (references == 16 ? 1 : 0));
      CHECK(raw.quic.closed ==
            (references == 16 ? std::optional<quic::AppError>() : std::optional(kMessageError)));
    }
  }
}

TEST_CASE("h3: trailers are decoded to twice their limit") {
  for (const std::size_t references : {1U, 3U, 5U, 5000U}) {
    CAPTURE(references);
    int jobs = 0;
    OpenServer raw;
    raw.handler.answer = hold(jobs);
    raw.send(kEncoder, entry("bomb", std::string(3900, 'v')));
    raw.exchange(0, headers_frame(post_fields()) + frame(1, bomb(references, {})), true);
    CHECK(jobs == (references == 1 ? 1 : 0));
    CHECK(raw.quic.closed ==
          (references < 5 ? std::optional<quic::AppError>() : std::optional(kExcessiveLoad)));
    if (references == 3) CHECK(raw.quic.streams.at(0).reset_sent == kMessageError);
  }
}

TEST_CASE("h3: the third request with too many fields ends the connection") {
  OpenServer raw;
  raw.send(kEncoder, entry("bomb", std::string(3900, 'v')));
  for (const quic::StreamId id : {0, 4}) {
    raw.exchange(id, frame(1, bomb(12, get_fields())), true);
    CHECK(raw.quic.alive());
  }
  raw.exchange(8, headers_frame(get_fields()), true);
  CHECK(raw.handler.started == 1);
  raw.exchange(12, frame(1, bomb(12, get_fields())), true);
  CHECK(raw.quic.closed == kExcessiveLoad);
  CHECK(raw.services.misconduct.ended == 1);
}

TEST_CASE("h3: trailers have a deadline from their first byte") {
  for (const bool responded : {false, true}) {
    CAPTURE(responded);
    int jobs = 0;
    OpenServer raw;
    if (!responded) raw.handler.answer = hold(jobs);
    raw.exchange(0, headers_frame(post_fields()) + frame(0, "x"));
    raw.pass(std::chrono::seconds(1));
    const std::string trailers = headers_frame({{"x-sum", "42"}});
    raw.send(0, trailers.substr(0, 5));
    raw.pass(raw.timeouts.header_block - std::chrono::milliseconds(1));
    if (!responded) raw.send(0, trailers.substr(5, 1));
    CHECK_FALSE(raw.quic.streams.at(0).reset_sent);
    CHECK(jobs == (responded ? 0 : 1));
    raw.pass(std::chrono::milliseconds(1));
    CHECK(jobs == 0);
    CHECK(raw.quic.alive());
    CHECK(raw.quic.streams.at(0).stop_sent ==
          (responded ? kNoErrorCode : kRequestCancelled));  // responded: for the unwanted content
    raw.quic.receive_reset(0, kRequestCancelled);
    raw.run();
    REQUIRE(raw.observer.entries.size() == 1);
    CHECK(raw.observer.entries[0].aborted ==
          (responded ? AbortReason::none : AbortReason::timeout));
  }
}

TEST_CASE("h3: trailers that came in time have no deadline left") {
  int jobs = 0;
  OpenServer raw;
  raw.handler.answer = hold(jobs);
  raw.exchange(0, headers_frame(post_fields()) + headers_frame({{"x-sum", "42"}}), true);
  raw.pass(2 * raw.timeouts.header_block);
  CHECK(jobs == 1);
  CHECK(raw.quic.alive());
}

TEST_CASE("h3: requests blocked by QPACK: as many as announced, one more ends the connection") {
  for (const std::size_t over : {0U, 1U}) {
    RawServer raw;
    raw.limits.qpack_blocked_streams = 3;
    raw.start();
    for (std::size_t i = 0; i < 3 + over; ++i) {
      raw.send(static_cast<quic::StreamId>(4 * i), with_reference(), true);
    }
    raw.run();
    CHECK(raw.handler.started == 0);
    CHECK(raw.quic.closed == (over == 0 ? std::optional<quic::AppError>() : kDecompressionFailed));
    if (over == 1) continue;
    raw.exchange(kEncoder, entry());
    CHECK(raw.handler.started == 3);
    CHECK(raw.handler.requests[0].headers.get("x") == "1");
    CHECK(raw.quic.connection_window_left() == raw.limits.connection_window);
  }
}

TEST_CASE("h3: by default no request waits for QPACK, and acknowledged entries may be used") {
  for (const bool waits : {false, true}) {
    OpenServer raw;
    CHECK(raw.quic.streams.at(3).sent.contains(varint(7) + varint(0)));  // RFC 9204 §5
    if (!waits) raw.send(kEncoder, entry());
    raw.exchange(0, with_reference(), true);
    CHECK(raw.handler.started == (waits ? 0 : 1));
    CHECK(raw.quic.closed == (waits ? kDecompressionFailed : std::optional<quic::AppError>()));
  }
}

TEST_CASE("h3: a table larger than announced ends the connection") {
  OpenServer raw;
  raw.send(kEncoder, varint(2) + prefixed(0x20, 5, 4097));
  CHECK(raw.quic.closed == kEncoderStreamError);
}

TEST_CASE(
    "h3: a request that QPACK blocks, or whose headers drip, is reset at the header deadline") {
  for (const bool by_qpack : {true, false}) {
    RawServer raw;
    raw.limits.qpack_blocked_streams = 1;
    raw.start();
    raw.exchange(0, by_qpack ? with_reference() : headers_frame(get_fields()).substr(0, 9),
                 by_qpack);
    raw.pass(raw.timeouts.header_block - std::chrono::milliseconds(1));
    if (!by_qpack) raw.send(0, "\x01");  // a byte more is no reason to wait longer
    CHECK_FALSE(raw.quic.streams.at(0).reset_sent.has_value());
    raw.pass(std::chrono::milliseconds(1));
    CHECK(raw.quic.streams.at(0).reset_sent == kRequestCancelled);
    if (!by_qpack) CHECK(raw.quic.streams.at(0).stop_sent == kRequestCancelled);
    CHECK(raw.quic.alive());
    CHECK(raw.handler.started == 0);
    CHECK(raw.app->deadline() > raw.clock.now());
  }
}

TEST_CASE("h3: a connection without requests, or with answered ones, ends after the idle time") {
  for (const bool request : {false, true}) {
    OpenServer raw;
    if (request) raw.exchange(0, headers_frame(get_fields()));  // no FIN, now or ever
    CHECK(raw.handler.started == (request ? 1 : 0));
    raw.pass(raw.timeouts.idle_tcp - std::chrono::milliseconds(1));
    CHECK(raw.quic.alive());
    raw.pass(std::chrono::milliseconds(1));
    CHECK_FALSE(raw.quic.alive());
  }
}

TEST_CASE("h3: a response that took longer than the idle time still arrives") {
  OpenServer raw;
  BodyProbe probe;
  raw.handler.answer = with_steps({BodyStep::blocked(), BodyStep::data("late")}, &probe);
  raw.exchange(0, headers_frame(get_fields()), true);
  raw.pass(2 * raw.timeouts.idle_tcp);
  CHECK(raw.quic.alive());
  probe.release();
  raw.run(false);  // not acknowledged yet
  raw.pass(std::chrono::seconds(1));
  CHECK(raw.quic.alive());
}

TEST_CASE("h3: headers that come after their deadline, before its flush, start no handler") {
  OpenServer raw;
  const std::string get = headers_frame(get_fields());
  raw.exchange(0, get.substr(0, 9));
  raw.clock.advance(raw.timeouts.header_block);
  raw.app->on_deadline(raw.clock.now());
  raw.exchange(0, get.substr(9), true);
  raw.quic.ack_all();
  CHECK(raw.handler.started == 0);
  CHECK(raw.quic.streams.at(0).reset_sent == kRequestCancelled);
  REQUIRE(raw.observer.entries.size() == 1);
  CHECK(raw.observer.entries[0].aborted == AbortReason::timeout);
}

TEST_CASE("h3: an unwanted body is read up to the limit, one byte more is stopped at once") {
  for (const std::size_t over : {0U, 1U}) {
    RawServer raw;
    raw.limits.discarded_body = 100'000;
    raw.start();
    raw.exchange(0, headers_frame(post_fields({{"content-length", "1000000"}})));
    REQUIRE(raw.quic.streams.at(0).fin_sent);
    raw.send(0, std::string(100'000 + over, '\x01'));  // frames are not parsed any more
    raw.run();
    CHECK(raw.quic.streams.at(0).stop_sent.has_value() == (over == 1));
    if (over == 1) {
      raw.quic.receive_reset(0, kNoErrorCode);
    } else {
      raw.send(0, "", true);
    }
    raw.run();
    CHECK(raw.quic.streams.at(0).closed);
    CHECK(raw.quic.alive());
    CHECK(raw.quic.connection_window_left() == raw.limits.connection_window);
    REQUIRE(raw.observer.entries.size() == 1);
    CHECK(raw.observer.entries[0].aborted == AbortReason::none);
  }
}
