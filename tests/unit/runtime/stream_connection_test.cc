#include "runtime/stream_connection.h"

#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "support/session_harness.h"

using namespace troika;
using namespace troika::test;
using enum troika::StreamState;

namespace {

using std::chrono::seconds;

// A transport that the test plays: what it says, and what it does not take.
struct FakeTransport final : Transport {
  void start(Observer& o) override { observer = &o; }
  bool connected() const noexcept override { return is_connected; }
  void set_reading(bool on) override { reading = on; }
  std::size_t write_budget() const noexcept override { return budget; }
  Status write(OutputQueue& queue, TimePoint) override {
    if (!takes) return fail(ErrorCode::closed, "reset by the peer");
    const std::size_t count = std::min(queue.size(), budget);
    queue.consume(count);
    budget -= count;
    taken += count;
    return {};
  }
  std::size_t unsent() const noexcept override { return pending; }
  std::uint64_t sent() const noexcept override { return taken; }
  Status flush() override {
    return takes ? Status{} : fail(ErrorCode::closed, "reset by the peer");
  }
  void shutdown_write() override { shut = true; }
  void reset() override { was_reset = true; }
  const SecurityInfo& security() const noexcept override { return info; }
  const Address& local() const noexcept override { return address; }
  const Address& remote() const noexcept override { return address; }

  Observer* observer = nullptr;
  SecurityInfo info;
  Address address;
  std::size_t budget = 1000, pending = 0;
  std::uint64_t taken = 0;
  bool is_connected = true, takes = true, reading = true, shut = false, was_reset = false;
};

// A session that the test plays; it outlives the connection's use of it in this record.
struct Played {
  std::string input, output;
  Interest interest;
  std::optional<AbortReason> aborted;
  int ends = 0, drains = 0, produced = 0;
  bool alive = false, reads = true, idle = true;
};

struct FakeSession final : ByteSession {
  explicit FakeSession(Played& p) : played(p) { played.alive = true; }
  ~FakeSession() override { played.alive = false; }
  FakeSession(const FakeSession&) = delete;
  FakeSession& operator=(const FakeSession&) = delete;
  Status receive(std::span<const std::byte> bytes, TimePoint) override {
    played.input += text_of(bytes);
    return played.reads ? Status{} : fail(ErrorCode::protocol, "nonsense");
  }
  void receive_end(TimePoint) override { ++played.ends; }
  Status produce(OutputQueue& out, std::size_t high, TimePoint) override {
    ++played.produced;
    if (high > 0) out.append_copy(std::exchange(played.output, {}));
    return {};
  }
  void on_written(std::size_t, TimePoint) noexcept override {}
  void on_progress(TimePoint) noexcept override {}
  Interest interest() const noexcept override { return played.interest; }
  bool at_rest() const noexcept override { return played.idle; }
  TimePoint deadline() const noexcept override { return kNever; }
  void on_deadline(TimePoint) override {}
  void drain() override { ++played.drains; }
  void abort(AbortReason reason) noexcept override {
    if (!played.aborted) played.aborted = reason;
  }
  Played& played;
};

constexpr StreamTimes kTimes{.opening = seconds(5),
                             .handshake = seconds(3),
                             .write_progress = seconds(60),
                             .linger = seconds(2),
                             .last_input = seconds(4),
                             .last_output = seconds(1)};

struct Rig final : StreamConnectionOwner {
  explicit Rig(StreamState until = open, StreamTimes times = kTimes) {
    auto made = std::make_unique<FakeTransport>();
    transport = made.get();
    transport->is_connected = until != connecting;
    stream.emplace(std::move(made), times, 10000, pool, timers, clock, *this);
    stream->start();
    if (until == open || until == unwritable || until == lingering) transport->observer->on_ready();
    if (until == unwritable) stop_taking();
    if (until == lingering) finish();
    REQUIRE(stream->state() == until);
  }
  ~Rig() {
    stream.reset();
    CHECK(pool.outstanding() == 0);
    CHECK(timers.size() == 0);
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  std::unique_ptr<ByteSession> make_session(SessionHost&, std::span<const std::byte> first,
                                            bool ended) override {
    if (first.size() < needs && !ended) return nullptr;
    return std::make_unique<FakeSession>(session);
  }
  void on_dirty() noexcept override { dirty = true; }
  void on_closed(StreamState in, const std::optional<Error>& why) noexcept override {
    REQUIRE(!at);
    at = in;
    lost = why;
  }

  StreamState flush() {
    stream->flush(clock.now());
    return stream->state();
  }
  // Nothing happens for so long; what is due then is done.
  StreamState pass(Duration time) {
    clock.advance(time);
    timers.advance_to(clock.now());
    return flush();
  }
  // The state is left at `time`, and not before.
  bool ends_at(Duration time) {
    const StreamState before = stream->state();
    return pass(time - Duration(1)) == before && pass(Duration(1)) == closed;
  }
  StreamState receive(std::string_view text) {
    transport->observer->on_bytes(bytes_of(text));
    return flush();
  }
  StreamState end() {
    transport->observer->on_end();
    return flush();
  }
  StreamState fail_with(std::string_view why) {
    transport->observer->on_closed({ErrorCode::closed, why});
    return flush();
  }
  StreamState stop_taking() {
    transport->takes = false;
    session.output = "more";
    return flush();
  }
  StreamState finish() {
    session.interest.finished = true;
    return flush();
  }
  std::string_view why() const { return lost ? lost->detail : ""; }

  BufferPool pool;
  SimClock clock;
  TimerQueue timers;
  Played session;
  FakeTransport* transport;
  std::size_t needs = 0;  // first bytes
  std::optional<StreamConnection> stream;
  std::optional<StreamState> at;
  std::optional<Error> lost;
  bool dirty = false;
};

}  // namespace

TEST_CASE("connecting goes on to handshaking when TCP has connected") {
  Rig rig(connecting);
  rig.transport->observer->on_connected();
  CHECK(rig.stream->state() == handshaking);
}

TEST_CASE("connecting ends at its time, by an error, a drain or an abort") {
  Rig late(connecting), refused(connecting), drained(connecting), aborted(connecting);
  CHECK(late.ends_at(kTimes.opening));
  CHECK(late.why() == "connecting took too long");
  CHECK(late.transport->was_reset);
  refused.fail_with("connection refused");
  CHECK(refused.why() == "connection refused");
  drained.stream->drain();
  aborted.stream->abort(AbortReason::shutdown);
  for (const Rig* rig : {&late, &refused, &drained, &aborted}) CHECK(rig->at == connecting);
  CHECK_FALSE(drained.lost);
  CHECK_FALSE(aborted.lost);
}

TEST_CASE("The handshake has a time of its own, within that of opening") {
  Rig rig(connecting), late(connecting);
  CHECK(rig.pass(seconds(1)) == connecting);
  rig.transport->observer->on_connected();
  CHECK(rig.ends_at(kTimes.handshake));
  CHECK(rig.at == handshaking);
  CHECK(rig.why() == "the handshake took too long");
  CHECK(late.pass(seconds(4)) == connecting);
  late.transport->observer->on_connected();
  CHECK(late.ends_at(seconds(1)));
  CHECK(late.at == handshaking);
}

TEST_CASE("handshaking goes on to open when the transport is ready, or the first bytes tell") {
  Rig ready(handshaking), told(handshaking), cut(handshaking);
  ready.transport->observer->on_ready();
  CHECK(ready.stream->state() == open);
  CHECK(ready.pass(kTimes.opening) == open);
  told.needs = cut.needs = 3;
  told.transport->observer->on_ready();
  CHECK(told.receive("ab") == handshaking);
  CHECK(told.receive("c") == open);
  CHECK(told.session.input == "abc");
  cut.receive("ab");
  CHECK(cut.end() == open);
  CHECK(cut.session.input == "ab");
  CHECK(cut.session.ends == 1);
}

TEST_CASE("handshaking ends by an end without bytes, an error or a drain, and not by a write") {
  Rig left(handshaking), failed(handshaking), drained(handshaking);
  left.end();
  CHECK_FALSE(left.lost);
  failed.transport->takes = false;
  CHECK(failed.flush() == handshaking);
  failed.fail_with("alert unknown_ca");  // it was on its way when the write failed
  CHECK(failed.why() == "alert unknown_ca");
  drained.stream->drain();
  for (const Rig* rig : {&left, &failed, &drained}) CHECK(rig->at == handshaking);
}

TEST_CASE("With early data the handshake keeps its time, and its name") {
  Rig late(handshaking), done(handshaking);
  for (Rig* rig : {&late, &done}) {
    rig->transport->info.handshaking = true;
    rig->transport->observer->on_ready();
  }
  CHECK(late.ends_at(kTimes.handshake));
  CHECK(late.at == handshaking);
  done.transport->info.handshaking = false;
  done.transport->observer->on_handshake_done();
  CHECK(done.pass(kTimes.opening) == open);
}

TEST_CASE("open goes on to lingering when all is sent") {
  Rig rig;
  rig.session.output = "response";
  rig.transport->budget = 3;
  CHECK(rig.finish() == open);
  CHECK_FALSE(rig.transport->shut);
  rig.transport->budget = 1000;
  CHECK(rig.flush() == lingering);
  CHECK(rig.transport->taken == 8);
  CHECK(rig.transport->shut);
  CHECK_FALSE(rig.session.alive);
}

TEST_CASE("open ends in time when a broken session has last bytes that nobody takes") {
  StreamTimes times = kTimes;
  times.write_progress = kUnlimited;
  Rig rig(open, times);
  rig.transport->pending = 5;
  rig.session.interest.broken = true;
  CHECK(rig.finish() == open);
  CHECK(rig.ends_at(kTimes.last_input));
}

TEST_CASE("open ends at once if nothing is to linger for") {
  StreamTimes times = kTimes;
  times.linger = Duration::zero();
  Rig never(open, times), ended, broken;
  CHECK(never.finish() == closed);
  CHECK(never.session.alive);  // its requests may still be referred to
  ended.end();
  CHECK(ended.finish() == closed);
  broken.session.interest.broken = true;
  CHECK(broken.finish() == closed);
  CHECK(broken.transport->was_reset);
  CHECK_FALSE(broken.transport->shut);
  for (const Rig* rig : {&never, &ended, &broken}) CHECK_FALSE(rig->lost);
}

TEST_CASE("open ends by an error, by an abort, and when the peer takes nothing for too long") {
  Rig lost, aborted, stuck;
  lost.fail_with("reset by the peer");
  CHECK(lost.why() == "reset by the peer");
  aborted.stream->abort(AbortReason::shutdown);
  CHECK(aborted.session.aborted == AbortReason::shutdown);
  CHECK(aborted.transport->was_reset);
  stuck.session.output = "response";
  stuck.transport->budget = 0;
  stuck.flush();
  CHECK(stuck.ends_at(kTimes.write_progress));
  CHECK(stuck.transport->was_reset);
  for (const Rig* rig : {&lost, &aborted, &stuck}) CHECK(rig->at == open);
}

TEST_CASE("open ends when the peer takes less than the least rate, and not at it") {
  for (const auto& [least, taken, ends] :
       {std::tuple(100U, 98U, true), std::tuple(100U, 100U, false), std::tuple(0U, 98U, false)}) {
    CAPTURE(least, taken);
    StreamTimes times = kTimes;
    times.least_rate = least;
    Rig rig(open, times);
    rig.transport->pending = 1'000'000;
    rig.flush();
    int seconds_open = 0;
    while (rig.pass(seconds(1)) == open && ++seconds_open < 4000) {
      rig.transport->pending -= taken;
      rig.transport->taken += taken;
    }
    CHECK((rig.stream->state() == closed) == ends);
    CHECK(seconds_open > 2900);  // the patience of 60 s, used up by a 50th of each
  }
}

TEST_CASE("open stays open for a drain, and for input that the session cannot read") {
  Rig rig;
  rig.session.reads = false;
  CHECK(rig.receive("?") == open);
  CHECK(rig.stream->fault()->detail == "nonsense");
  rig.stream->drain();
  CHECK(rig.session.drains == 1);
  CHECK(rig.flush() == open);
}

TEST_CASE("open goes on to unwritable when a write fails, and goes on reading") {
  Rig rig;
  CHECK(rig.stop_taking() == unwritable);
  CHECK(rig.transport->reading);
  CHECK(rig.receive("response") == unwritable);
  CHECK(rig.session.input == "response");
  const int before = rig.session.produced;
  CHECK(rig.flush() == unwritable);
  CHECK(rig.session.produced == before + 1);  // it acts on what it has got
  CHECK(rig.finish() == closed);
  CHECK(rig.why() == "reset by the peer");
  CHECK_FALSE(rig.transport->shut);
}

TEST_CASE("unwritable ends without input, counted from the last one") {
  Rig rig(unwritable);
  CHECK(rig.pass(kTimes.last_input - Duration(1)) == unwritable);
  rig.receive("a part");
  CHECK(rig.ends_at(kTimes.last_input));
  CHECK(rig.at == unwritable);
}

TEST_CASE("unwritable ends after the last input when the session has used it, or its time is up") {
  StreamTimes times = kTimes;
  times.last_output = Duration::zero();
  Rig late(unwritable), used(unwritable), never(unwritable, times);
  CHECK(late.end() == unwritable);
  CHECK(late.session.ends == 1);
  CHECK(late.ends_at(kTimes.last_output));
  CHECK(used.end() == unwritable);
  CHECK(used.finish() == closed);
  CHECK(never.end() == closed);
  Rig cut(unwritable);
  CHECK(cut.fail_with("reset by the peer") == closed);
}

TEST_CASE("An error after the peer's end leaves what it has sent to the session") {
  Rig rig;
  rig.end();
  CHECK(rig.fail_with("reset by the peer") == unwritable);
  CHECK(rig.fail_with("reset by the peer") == unwritable);
  CHECK(rig.ends_at(kTimes.last_output));
}

TEST_CASE("open goes on to shut when our half is sent, and reads on") {
  Rig rig;
  rig.session.output = "last bytes";
  rig.transport->budget = 3;
  rig.session.interest.half_closed = true;
  CHECK(rig.flush() == open);
  CHECK_FALSE(rig.transport->shut);
  rig.transport->budget = 1000;
  CHECK(rig.flush() == shut);
  CHECK(rig.transport->shut);
  CHECK(rig.receive("more") == shut);
  CHECK(rig.session.input == "more");
  CHECK(rig.transport->reading);
}

TEST_CASE("shut ends when the session has, by an error or by an abort") {
  const auto begin = [](Rig& rig) {
    rig.session.interest.half_closed = true;
    CHECK(rig.flush() == shut);
  };
  Rig ended, failed, aborted, broken;
  for (Rig* const rig : {&ended, &failed, &aborted, &broken}) begin(*rig);
  CHECK(ended.end() == shut);
  CHECK(ended.session.ends == 1);
  CHECK(ended.finish() == closed);
  CHECK_FALSE(ended.lost);
  CHECK(failed.fail_with("reset by the peer") == closed);
  aborted.stream->abort(AbortReason::shutdown);
  CHECK(aborted.stream->state() == closed);
  broken.session.interest.broken = true;
  CHECK(broken.finish() == closed);
  CHECK(broken.transport->was_reset);
}

TEST_CASE("lingering drops input and ends with the peer's, an error, an abort, or at its time") {
  Rig ended(lingering), failed(lingering), aborted(lingering), late(lingering), written(lingering);
  CHECK(ended.receive("more") == lingering);
  CHECK(ended.session.input.empty());
  ended.stream->drain();
  CHECK(ended.end() == closed);
  CHECK(failed.fail_with("reset by the peer") == closed);
  aborted.stream->abort(AbortReason::shutdown);
  CHECK(late.ends_at(kTimes.linger));
  written.transport->takes = false;
  CHECK(written.flush() == closed);
  for (const Rig* rig : {&ended, &failed, &aborted, &late, &written}) CHECK(rig->at == lingering);
}

TEST_CASE("closed stays closed, whatever the transport still says") {
  Rig rig(handshaking);
  rig.stream->abort(AbortReason::shutdown);
  rig.dirty = false;
  rig.transport->observer->on_connected();
  rig.transport->observer->on_ready();
  rig.transport->observer->on_handshake_done();
  rig.receive("bytes");
  rig.end();
  rig.transport->observer->on_writable();
  CHECK(rig.fail_with("late") == closed);
  CHECK(rig.pass(seconds(100)) == closed);
  CHECK_FALSE(rig.session.alive);
  CHECK_FALSE(rig.dirty);
}
