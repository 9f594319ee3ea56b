#pragma once
// Doubles for whatever stands around a protocol session, and a wire between two of them.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/random.h"
#include "http/exchange/call.h"
#include "http/exchange/handler.h"
#include "http/exchange/observer.h"
#include "http/exchange/services.h"
#include "http/message/body.h"
#include "proto/session/byte_session.h"

namespace troika::test {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
inline std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Request make_request(std::string target, Method method = Method::get);

// Time that stands still until a test moves it. Does not begin at 0.
class SimClock final : public Clock {
 public:
  TimePoint now() const noexcept override { return now_; }
  WallTime wall() const noexcept override {
    return WallTime(std::chrono::seconds(1'700'000'000)) +
           std::chrono::duration_cast<WallTime::duration>(now_ - kStart);
  }
  void advance(Duration by) noexcept { now_ += by; }
  void set(TimePoint now) noexcept { now_ = now; }

 private:
  static constexpr TimePoint kStart{std::chrono::hours(1)};
  TimePoint now_ = kStart;
};

// Bytes that show when some are lost, doubled or swapped: a function of their place alone.
inline char pattern_byte(std::uint64_t offset) noexcept {
  return static_cast<char>('a' + (offset + offset / 251 + offset / 65521) % 26);
}
std::string pattern(std::size_t size, std::uint64_t from = 0);

// Compares what arrives with the pattern, keeping none of it.
struct PatternCheck {
  std::uint64_t at = 0;
  bool same = true;
  void operator()(std::span<const std::byte> bytes) {
    for (const std::byte b : bytes) same &= static_cast<char>(b) == pattern_byte(at++);
  }
};

// A body that gives what its script says. `blocked` waits for BodyProbe::release().
class ScriptedBody;
struct BodyProbe {
  ScriptedBody* body = nullptr;  // null before it is made and after it died
  int made = 0, alive = 0;
  std::size_t pulls = 0, pulled_bytes = 0;
  bool ended = false;                  // `end` was pulled
  std::optional<AbortReason> stopped;  // stop() came
  void release();                      // passes one `blocked` step, waking the reader
};

struct BodyStep {
  enum class Kind : std::uint8_t { data, blocked, error } kind = Kind::data;
  std::string text{};

  static BodyStep data(std::string text) { return {Kind::data, std::move(text)}; }
  static BodyStep blocked() { return {Kind::blocked, {}}; }
  static BodyStep error() { return {Kind::error, {}}; }
};

class ScriptedBody final : public BodySource {
 public:
  // `probe` and `pool` outlive the body.
  ScriptedBody(BufferPool& pool, std::vector<BodyStep> steps, BodyProbe* probe = nullptr,
               std::optional<std::uint64_t> length = std::nullopt, HeaderMap trailers = {});
  ScriptedBody(const ScriptedBody&) = delete;
  ScriptedBody& operator=(const ScriptedBody&) = delete;
  ~ScriptedBody() override;

  Result<Pulled> pull(std::size_t max_bytes) override;
  void set_waker(Waker* waker) noexcept override { waker_ = waker; }
  void stop(AbortReason reason) noexcept override {
    if (probe_ != nullptr) probe_->stopped = reason;
  }
  std::optional<std::uint64_t> remaining() const noexcept override { return length_; }
  const HeaderMap* trailers() const noexcept override {
    return trailers_.empty() ? nullptr : &trailers_;
  }

  void release();

 private:
  BufferPool& pool_;
  std::vector<BodyStep> steps_;
  BodyProbe* probe_;
  std::optional<std::uint64_t> length_;
  HeaderMap trailers_;
  Waker* waker_ = nullptr;
  std::size_t next_ = 0, at_ = 0;
};

// `size` bytes of pattern(), made as they are pulled; for bodies that are large.
class PatternBody final : public BodySource {
 public:
  PatternBody(BufferPool& pool, std::uint64_t size, bool tells_length = true)
      : pool_(pool), size_(size), tells_length_(tells_length) {}
  Result<Pulled> pull(std::size_t max_bytes) override;
  void set_waker(Waker*) noexcept override {}
  std::optional<std::uint64_t> remaining() const noexcept override {
    return tells_length_ ? std::optional(size_ - at_) : std::nullopt;
  }

 private:
  BufferPool& pool_;
  std::uint64_t size_, at_ = 0;
  bool tells_length_;
};

// Pulls until the body is blocked, over or in error, and adds the bytes to `into`.
enum class ReadState : std::uint8_t { blocked, end, error };
ReadState read_body(BodySource& body, std::string& into);

// A body with known length from a text.
std::unique_ptr<BodySource> body_of(BufferPool& pool, std::string text, BodyProbe* probe = nullptr);

// A job that only says whether it lives.
class CountedJob final : public Job {
 public:
  explicit CountedJob(int& alive) : alive_(alive) { ++alive_; }
  ~CountedJob() override { --alive_; }
  CountedJob(const CountedJob&) = delete;
  CountedJob& operator=(const CountedJob&) = delete;

 private:
  int& alive_;
};

// Answers by calling `answer`; without one: 200 and the body "hello". `context` holds references
// into the exchange: a job may keep them as long as it lives.
class ScriptedHandler final : public Handler {
 public:
  using Answer = std::function<std::unique_ptr<Job>(RequestContext context, Responder& responder)>;
  Answer answer;
  bool tunnels = false;
  bool takes_tunnels() const noexcept override { return tunnels; }
  int started = 0;
  std::vector<Request> requests;  // as they were given to the handler

  std::unique_ptr<Job> start(RequestContext context, Responder& responder) override;
};

// Counts those that are alive.
class CountedSnapshot final : public Snapshot {
 public:
  CountedSnapshot(Handler& handler, const ExchangeTimeouts& timeouts, int& alive)
      : Snapshot(handler, timeouts), alive_(alive) {
    ++alive_;
  }
  CountedSnapshot(const CountedSnapshot&) = delete;
  CountedSnapshot& operator=(const CountedSnapshot&) = delete;
  ~CountedSnapshot() override { --alive_; }

 private:
  int& alive_;
};

class RecordingObserver final : public ExchangeObserver {
 public:
  struct Entry {
    std::string method, target, authority;
    std::uint16_t status;
    std::uint64_t body_bytes;
    AbortReason aborted;
    Duration duration;
    bool early_data, address_proven;
  };
  std::vector<Entry> entries;
  void on_complete(const ExchangeSummary& s) noexcept override;
};

class RecordingHost final : public SessionHost {
 public:
  int marks = 0;
  void mark_dirty() noexcept override { ++marks; }
  Account& account() noexcept override { return held; }
  Account held;
  bool take() { return std::exchange(marks, 0) > 0; }  // was it marked since?
};

class RecordingReceiver final : public Receiver {
 public:
  std::vector<ResponseHead> informational;
  std::optional<ResponseHead> head;
  std::optional<Failure> failure;
  std::optional<AbortReason> failed;  // of `failure`
  std::uint64_t wire_code = 0;        // of `failure`
  int calls = 0;                      // of on_head and on_failed together

  void on_informational(const ResponseHead& h) override { informational.push_back(h); }
  void on_head(ResponseHead h) override;
  void on_failed(const Failure& failure) override;
  std::uint16_t status() const { return head ? head->status : std::uint16_t{0}; }
};

// Everything a server session is made of; change limits and timeouts before making one.
// `peer` says TLS with the given ALPN.
struct Bench {
  explicit Bench(std::string alpn = "h2");
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;
  ~Bench();

  BufferPool pool;
  SimClock clock;
  Limits limits;
  Timeouts timeouts;
  const ExchangeTimeouts exchange_timeouts;
  ScriptedHandler handler;
  RecordingObserver observer;
  Services services{
      pool, clock, limits, timeouts, make_ref<Snapshot>(handler, exchange_timeouts), observer};
  SeededRandom random{1};
  CallServices call_services{pool, clock, limits, random};
  PeerInfo peer;
  RecordingHost host, client_host;
};

// A connection between two byte sessions without a network. It reads only what a session wants to
// read, and reports every byte as written when the other end takes it.
class Wire {
 public:
  Wire(BufferPool& pool, Clock& clock, ByteSession& client, ByteSession& server);

  std::size_t high = 256U << 10U;              // of either output queue
  std::size_t chunk = 16U << 10U;              // bytes that one receive() gets at most
  bool ends = true;                            // an end that is finished is seen at the other
  bool client_reads = true;                    // false: what the server sends stays in its queue
  std::uint64_t to_server = 0, to_client = 0;  // bytes so far

  OutputQueue& from_server() { return server_.out; }

  // One flush of each side and one delivery each way. False when nothing moved.
  bool turn();
  // Until nothing moves any more.
  void run(int max_turns = 100'000);

 private:
  struct End {
    ByteSession& session;
    OutputQueue out;
    bool ended = false, broken = false;  // its half is closed, or it was reset
  };
  bool end_half(End& from, End& to);
  void produce(End& end) { std::ignore = end.session.produce(end.out, high, clock_.now()); }
  std::uint64_t deliver(End& from, End& to);

  Clock& clock_;
  End client_, server_;
};

}  // namespace troika::test
