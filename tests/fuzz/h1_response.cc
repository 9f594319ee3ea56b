// Bytes to an h1 client session, whole, in pieces, and to a user who reads as late as possible.
// What comes of them must not depend on the pieces; each call has one head at most and one end; no
// more content waits than its window holds; and nothing is left behind. The first byte of the input
// seeds the pieces. The others are parts, divided by FF: a part begins with the kind of the request
// that it responds to, and "@" in it stands for the Sec-WebSocket-Accept that the request asks for.
#include <cstdint>
#include <string>

#include "base/random.h"
#include "base/text.h"
#include "fuzz/cases.h"
#include "proto/h1/client_session.h"
#include "proto/h1/upgrade.h"
#include "support/session_harness.h"

namespace {

using namespace troika;
using namespace troika::test;
using fuzz::require;

constexpr std::size_t kWindow = 64;

std::string text_of(const HeaderMap& fields) {
  std::string text;
  for (const auto [name, value] : fields) text += formatted("{}={};", name, value);
  return text;
}

// One connection, and one call on it after the other.
class Connection {
 public:
  explicit Connection(bool reads_late) : reads_late_(reads_late) {
    bench_.limits.call_window = kWindow;
    bench_.limits.informational = 2;
  }
  ~Connection() {
    call_.reset();
    session_->abort(AbortReason::peer_gone);
    session_.reset();
    out_.clear();
    require(bench_.pool.outstanding() == 0, "no buffer outlives its connection");
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // False: it takes no more requests.
  bool ask(unsigned kind) {
    constexpr std::array kMethods{Method::get, Method::head, Method::post, Method::get};
    Request request = make_request("/", kMethods[kind % 4]);
    if (kind % 4 == 3) request.protocol = "websocket";
    auto body = kind % 4 == 2 ? body_of(bench_.pool, "hello") : nullptr;
    receiver_ = {};
    body_.clear();
    state_ = ReadState::blocked;
    const bool free = !session_->full();
    auto started = session_->start(std::move(request), std::move(body), receiver_, {});
    require(started.has_value() == free, "free() says whether a request may start");
    if (!started) return false;
    call_ = std::move(*started);
    sent_.clear();
    flush();
    return true;
  }
  std::string accept() const {
    constexpr std::string_view kName = "Sec-WebSocket-Key: ";
    const auto at = sent_.find(kName);
    if (at == std::string::npos) return "";
    return h1::websocket_accept(std::string_view(sent_).substr(at + kName.size(), 24));
  }
  void receive(std::string_view bytes) {
    const Status status = session_->receive(bytes_of(bytes), bench_.clock.now());
    require(status || session_->interest().finished, "an error ends the connection");
    flush();
    if (!reads_late_) read();
    while (!session_->interest().wants_read && state_ == ReadState::blocked && receiver_.head &&
           read()) {
    }
  }
  void end() {
    session_->receive_end(bench_.clock.now());
    flush();
    while (read()) {
    }
    require(session_->interest().finished, "a session ends with its input");
    require(session_->full() && session_->idle(), "and takes no more");
  }
  // What became of the call; it is over.
  std::string result() {
    while (read()) {
    }
    const bool open = call_ != nullptr && !call_->finished();
    std::string text = formatted("{} {} {} {}\n", receiver_.informational.size(),
                                 receiver_.status(), open, static_cast<int>(state_));
    if (receiver_.head) text += text_of(receiver_.head->headers);
    if (receiver_.failed) text += formatted("failed: {}", name_of(*receiver_.failed));
    if (state_ == ReadState::end && call_->body().trailers() != nullptr) {
      text += text_of(*call_->body().trailers());
    }
    check();
    call_.reset();
    flush();
    return text + "\n" + body_ + "\n";
  }
  std::string ending() const { return session_->interest().broken ? "broken" : ""; }

 private:
  void flush() {
    for (int i = 0; i < 2; ++i) {
      require(session_->produce(out_, 256U << 10U, bench_.clock.now()).has_value());
      while (!out_.empty()) {
        const Slice slice = out_.take(65536);
        sent_ += test::text_of(slice.bytes());
        session_->on_written(slice.size(), bench_.clock.now());
      }
    }
    if (call_ != nullptr) require(call_->incoming().buffered() <= kWindow, "the window holds it");
  }
  bool read() {
    if (call_ == nullptr || !receiver_.head || state_ != ReadState::blocked) return false;
    const std::size_t before = body_.size();
    state_ = read_body(call_->body(), body_);
    flush();
    return body_.size() > before;
  }
  void check() const {
    require(receiver_.informational.size() <= bench_.limits.informational);
    require(receiver_.calls <= 2, "one head and one failure at most");
    if (!receiver_.head) return require(body_.empty() && state_ == ReadState::blocked);
    require((state_ == ReadState::error) == receiver_.failed.has_value());
    const auto length = receiver_.head->headers.get("content-length");
    if (length && state_ == ReadState::end && !body_.empty()) {
      require(formatted("{}", body_.size()) == length->substr(length->find_first_not_of('0')),
              "content has its length");
    }
  }

  bool reads_late_;
  Bench bench_{"http/1.1"};
  OutputQueue out_{bench_.pool};
  RecordingReceiver receiver_;
  std::unique_ptr<ClientByteSession> session_ =
      h1::make_client_session(bench_.call_services, bench_.host);
  CallHandle call_;
  std::string sent_, body_;
  ReadState state_ = ReadState::blocked;
};

// piece(left): how many bytes come next.
template <class Piece>
std::string outcome(std::string_view input, bool reads_late, Piece piece) {
  Connection connection(reads_late);
  std::string seen;
  while (!input.empty()) {
    const std::size_t size = std::min(input.find('\xff'), input.size());
    std::string part(input.substr(0, size));
    input.remove_prefix(std::min(size + 1, input.size()));
    if (part.empty() || !connection.ask(static_cast<std::uint8_t>(part[0]))) break;
    part.erase(0, 1);
    if (const auto at = part.find('@'); at != std::string::npos) {
      part.replace(at, 1, connection.accept());
    }
    for (std::string_view rest = part; !rest.empty();) {
      const std::size_t n = piece(rest.size());
      connection.receive(rest.substr(0, n));
      rest.remove_prefix(n);
    }
    if (input.empty()) connection.end();
    seen += connection.result();
  }
  return seen + connection.ending();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  SeededRandom random(data[0]);
  const auto all = [](std::size_t left) { return left; };
  const std::string whole = outcome(input, false, all);
  require(outcome(input, false, [&](std::size_t left) { return 1 + random.below(left); }) == whole,
          "pieces make no difference");
  require(outcome(input, false, [](std::size_t) { return std::size_t{1}; }) == whole,
          "single bytes make no difference");
  require(outcome(input, true, all) == whole, "who reads late gets the same");
  return 0;
}
