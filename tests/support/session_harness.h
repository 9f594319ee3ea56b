#pragma once
// Doubles for whatever stands around a protocol session, and a wire between two of them.
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "http/exchange/client_session.h"
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

inline Request make_request(std::string target, Method method = Method::get) {
  Request request;
  request.method = method;
  request.method_text = name_of(method);
  request.scheme = "https";
  request.authority = "localhost";
  request.target.raw = std::move(target);
  return request;
}

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
inline std::string pattern(std::size_t size, std::uint64_t from = 0) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = pattern_byte(from + i);
  return text;
}

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
               std::optional<std::uint64_t> length = std::nullopt, HeaderMap trailers = {})
      : pool_(pool),
        steps_(std::move(steps)),
        probe_(probe),
        length_(length),
        trailers_(std::move(trailers)) {
    if (probe_ == nullptr) return;
    probe_->body = this;
    ++probe_->made;
    ++probe_->alive;
  }
  ScriptedBody(const ScriptedBody&) = delete;
  ScriptedBody& operator=(const ScriptedBody&) = delete;
  ~ScriptedBody() override {
    if (probe_ == nullptr) return;
    --probe_->alive;
    if (probe_->body == this) probe_->body = nullptr;
  }

  Result<Pulled> pull(std::size_t max_bytes) override {
    if (probe_ != nullptr) ++probe_->pulls;
    if (next_ == steps_.size()) {
      if (probe_ != nullptr) probe_->ended = true;
      return Pulled{PullState::end, {}};
    }
    BodyStep& step = steps_[next_];
    if (step.kind == BodyStep::Kind::error) return fail(ErrorCode::io, "scripted error");
    if (step.kind == BodyStep::Kind::blocked) return Pulled{PullState::blocked, {}};
    const std::size_t n = std::min({max_bytes, kMaxPull, step.text.size() - at_});
    Slice bytes = pool_.copy(std::string_view(step.text).substr(at_, n));
    at_ += n;
    if (at_ == step.text.size()) {
      ++next_;
      at_ = 0;
    }
    if (probe_ != nullptr) probe_->pulled_bytes += n;
    if (length_) *length_ -= std::min<std::uint64_t>(*length_, n);
    return Pulled{PullState::data, std::move(bytes)};
  }
  void set_waker(Waker* waker) noexcept override { waker_ = waker; }
  void stop(AbortReason reason) noexcept override {
    if (probe_ != nullptr) probe_->stopped = reason;
  }
  std::optional<std::uint64_t> remaining() const noexcept override { return length_; }
  const HeaderMap* trailers() const noexcept override {
    return trailers_.empty() ? nullptr : &trailers_;
  }

  void release() {
    if (next_ < steps_.size() && steps_[next_].kind == BodyStep::Kind::blocked) ++next_;
    if (waker_ != nullptr) waker_->wake();
  }

 private:
  BufferPool& pool_;
  std::vector<BodyStep> steps_;
  BodyProbe* probe_;
  std::optional<std::uint64_t> length_;
  HeaderMap trailers_;
  Waker* waker_ = nullptr;
  std::size_t next_ = 0, at_ = 0;
};
inline void BodyProbe::release() {
  if (body != nullptr) body->release();
}

// `size` bytes of pattern(), made as they are pulled; for bodies that are large.
class PatternBody final : public BodySource {
 public:
  PatternBody(BufferPool& pool, std::uint64_t size, bool tells_length = true)
      : pool_(pool), size_(size), tells_length_(tells_length) {}
  Result<Pulled> pull(std::size_t max_bytes) override {
    const auto n =
        static_cast<std::size_t>(std::min<std::uint64_t>({max_bytes, kMaxPull, size_ - at_}));
    if (n == 0) return Pulled{PullState::end, {}};
    Slice bytes = pool_.copy(pattern(n, at_));
    at_ += n;
    return Pulled{PullState::data, std::move(bytes)};
  }
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
inline ReadState read_body(BodySource& body, std::string& into) {
  for (;;) {
    Result<Pulled> pulled = body.pull(kMaxPull);
    if (!pulled) return ReadState::error;
    if (pulled->state == PullState::blocked) return ReadState::blocked;
    if (pulled->state == PullState::end) return ReadState::end;
    into += text_of(pulled->bytes.bytes());
  }
}

// A body with known length from a text.
inline std::unique_ptr<BodySource> body_of(BufferPool& pool, std::string text,
                                           BodyProbe* probe = nullptr) {
  const std::uint64_t size = text.size();
  std::vector<BodyStep> steps;
  if (size > 0) steps.push_back(BodyStep::data(std::move(text)));
  return std::make_unique<ScriptedBody>(pool, std::move(steps), probe, size);
}

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
  int started = 0;
  std::vector<Request> requests;  // as they were given to the handler

  std::unique_ptr<Job> start(RequestContext context, Responder& responder) override {
    ++started;
    requests.push_back(context.request);
    if (answer) return answer(context, responder);
    std::ignore = responder.respond({}, body_of(context.services.pool, "hello"));
    return nullptr;
  }
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
  void on_complete(const ExchangeSummary& s) noexcept override {
    entries.push_back({s.request.method_text, s.request.target.raw, s.request.authority, s.status,
                       s.body_bytes, s.aborted, s.duration, s.request.early_data,
                       s.peer.security.address_proven});
  }
};

class RecordingHost final : public SessionHost {
 public:
  int marks = 0;
  void mark_dirty() noexcept override { ++marks; }
  bool take() { return std::exchange(marks, 0) > 0; }  // was it marked since?
};

class RecordingReceiver final : public ResponseReceiver {
 public:
  std::vector<ResponseHead> informational;
  std::optional<ResponseHead> head;
  std::optional<AbortReason> failed;
  std::uint64_t wire_code = 0;
  int calls = 0;  // of on_response and on_failed together

  void on_informational(const ResponseHead& h) override { informational.push_back(h); }
  void on_response(ResponseHead h) override {
    ++calls;
    head = std::move(h);
  }
  void on_failed(AbortReason reason, std::uint64_t code) override {
    ++calls;
    failed = reason;
    wire_code = code;
  }
  std::uint16_t status() const { return head ? head->status : std::uint16_t{0}; }
};

// Everything a server session is made of; change limits and timeouts before making one.
// `peer` says TLS with the given ALPN.
struct Bench {
  explicit Bench(std::string alpn = "h2") {
    peer.remote = Address::v4(0x7f000001, 50000);
    peer.local = Address::v4(0x7f000001, 8443);
    peer.security.encrypted = true;
    peer.security.alpn = std::move(alpn);
    peer.security.version = "TLSv1.3";
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  BufferPool pool;
  SimClock clock;
  Limits limits;
  Timeouts timeouts;
  ScriptedHandler handler;
  RecordingObserver observer;
  Services services{pool, clock, limits, timeouts, handler, observer};
  PeerInfo peer;
  RecordingHost host, client_host;
};

// A connection between two byte sessions without a network. It reads only what a session wants to
// read, and reports every byte as written when the other end takes it.
class Wire {
 public:
  Wire(BufferPool& pool, Clock& clock, ByteSession& client, ByteSession& server)
      : clock_(clock), client_{client, OutputQueue(pool)}, server_{server, OutputQueue(pool)} {}

  std::size_t high = 256U << 10U;              // of either output queue
  std::size_t chunk = 16U << 10U;              // bytes that one receive() gets at most
  bool client_reads = true;                    // false: what the server sends stays in its queue
  std::uint64_t to_server = 0, to_client = 0;  // bytes so far

  OutputQueue& from_server() { return server_.out; }

  // One flush of each side and one delivery each way. False when nothing moved.
  bool turn() {
    produce(client_);
    produce(server_);
    const std::uint64_t before = to_server + to_client;
    to_server += deliver(client_, server_);
    if (client_reads) to_client += deliver(server_, client_);
    return to_server + to_client != before;
  }
  // Until nothing moves any more.
  void run(int max_turns = 100'000) {
    for (int i = 0; i < max_turns && turn(); ++i) {
    }
    produce(client_);
    produce(server_);
  }

 private:
  struct End {
    ByteSession& session;
    OutputQueue out;
  };
  void produce(End& end) { std::ignore = end.session.produce(end.out, high, clock_.now()); }
  std::uint64_t deliver(End& from, End& to) {
    std::uint64_t moved = 0;
    while (!from.out.empty() && to.session.interest().wants_read && moved < chunk) {
      const Slice bytes = from.out.take(chunk);
      moved += bytes.size();
      from.session.on_written(bytes.size(), clock_.now());
      std::ignore = to.session.receive(bytes.bytes(), clock_.now());
    }
    return moved;
  }

  Clock& clock_;
  End client_, server_;
};

}  // namespace troika::test
