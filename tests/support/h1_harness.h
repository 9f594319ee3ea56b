#pragma once
// An h1 server session in memory, and a strict reader of its responses.
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/output_queue.h"
#include "base/text.h"
#include "proto/h1/server_session.h"
#include "support/responses.h"
#include "support/session_harness.h"

namespace troika::test {

struct H1Response {
  std::uint16_t status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // names in lower case
  std::string body;
  bool complete = false;

  std::string field(std::string_view name) const {
    for (const auto& [n, value] : fields) {
      if (n == name) return value;
    }
    return {};
  }
  bool closes() const { return field("connection") == "close"; }
};

// Reads responses as a strict client would (RFC 9112 §6.3). Sets `error` at the first thing amiss.
class H1ResponseReader {
 public:
  // heads: which of the final responses are to HEAD.
  explicit H1ResponseReader(std::string_view text, std::vector<bool> heads = {},
                            bool at_end = false)
      : rest_(text), heads_(std::move(heads)), at_end_(at_end) {
    while (!rest_.empty() && error.empty() && read_one()) {
    }
  }
  std::vector<H1Response> responses;
  std::string error;

 private:
  bool read_one() {
    const std::size_t end = rest_.find("\r\n\r\n");
    if (end == std::string_view::npos) return fail("head is cut short");
    std::string_view head = rest_.substr(0, end + 2);
    rest_.remove_prefix(end + 4);
    H1Response r;
    if (!read_status(line(head), r)) return fail("bad status line");
    while (!head.empty()) {
      if (!read_field(line(head), r)) return fail("bad field line");
    }
    const bool final = r.status >= 200;
    const bool to_head = final && finals_ < heads_.size() && heads_[finals_];
    const bool none = !final || r.status == 204 || r.status == 304 || to_head;
    if (final) ++finals_;
    if (!none && !read_body(r)) return false;
    r.complete = r.complete || none;
    responses.push_back(std::move(r));
    return true;
  }

  static std::string_view line(std::string_view& text) {
    const std::size_t end = text.find("\r\n");
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 2));
    return one;
  }
  static bool read_status(std::string_view text, H1Response& r) {
    if (!text.starts_with("HTTP/1.1 ") || text.size() < 13 || text[12] != ' ') return false;
    return std::from_chars(text.data() + 9, text.data() + 12, r.status).ptr == text.data() + 12;
  }
  static bool read_field(std::string_view text, H1Response& r) {
    const std::size_t colon = text.find(": ");
    if (colon == std::string_view::npos || text.contains('\n') || text.contains('\r')) return false;
    std::string name(text.substr(0, colon));
    if (!ascii::is_token(name)) return false;
    for (char& c : name) c = ascii::lower(c);
    r.fields.emplace_back(std::move(name), text.substr(colon + 2));
    return true;
  }
  bool read_body(H1Response& r) {
    if (r.field("transfer-encoding") == "chunked") {
      if (!r.field("content-length").empty()) return fail("two framings");
      return read_chunks(r);
    }
    const std::string length = r.field("content-length");
    if (length.empty()) {
      r.body = std::exchange(rest_, {});
      r.complete = at_end_;
      return true;
    }
    std::size_t n = 0;
    std::from_chars(length.data(), length.data() + length.size(), n);
    r.complete = rest_.size() >= n;
    r.body = rest_.substr(0, n);
    rest_.remove_prefix(std::min(n, rest_.size()));
    return true;
  }
  bool read_chunks(H1Response& r) {
    for (;;) {
      const std::size_t end = rest_.find("\r\n");
      if (end == std::string_view::npos) return true;  // incomplete
      std::size_t n = 0;
      const auto parsed = std::from_chars(rest_.data(), rest_.data() + end, n, 16);
      if (end == 0 || parsed.ptr != rest_.data() + end) return fail("bad chunk size");
      rest_.remove_prefix(end + 2);
      if (n == 0) break;
      if (rest_.size() < n + 2) {
        r.body += std::exchange(rest_, {});
        return true;
      }
      r.body += rest_.substr(0, n);
      if (rest_.substr(n, 2) != "\r\n") return fail("chunk does not end");
      rest_.remove_prefix(n + 2);
    }
    while (!rest_.empty()) {
      const std::string_view trailer = line(rest_);
      if (trailer.empty()) {
        r.complete = true;
        return true;
      }
      if (!read_field(trailer, r)) return fail("bad trailer");
    }
    return true;
  }
  bool fail(std::string_view why) {
    error = why;
    return false;
  }

  std::string_view rest_;
  std::vector<bool> heads_;
  std::size_t finals_ = 0;
  bool at_end_;
};

// A server session and its output. Plain HTTP unless told otherwise.
class H1Server {
 public:
  H1Server() : bench("http/1.1"), out_(bench.pool) {
    bench.peer.security.encrypted = false;
    bench.peer.security.alpn.clear();
  }

  Bench bench;                  // change limits, timeouts and the handler before the first call
  std::size_t most_queued = 0;  // bytes of output, in take()

  ByteSession& session() {
    if (session_ == nullptr) session_ = h1::make_session(bench.services, bench.peer, bench.host);
    return *session_;
  }
  void receive(std::string_view text) {
    (void)session().receive(bytes_of(text), bench.clock.now());
  }
  // What it has to say now; all of it is reported as written.
  std::string take(std::size_t high = 256U << 10U) {
    std::string text;
    do {
      (void)session().produce(out_, high, bench.clock.now());
      const std::size_t size = out_.size();
      most_queued = std::max(most_queued, size);
      while (!out_.empty()) text += text_of(out_.take(65536).bytes());
      if (size == 0) break;
      session().on_written(size, bench.clock.now());
    } while (true);
    return text;
  }
  std::string send(std::string_view text) {
    receive(text);
    return take();
  }
  std::string end() {
    session().receive_end(bench.clock.now());
    return take();
  }
  // Moves the clock to the session's deadline and lets it act.
  std::string expire() {
    bench.clock.set(session().deadline());
    session().on_deadline(bench.clock.now());
    return take();
  }
  OutputQueue& out() { return out_; }
  Interest interest() { return session().interest(); }
  bool finished() { return interest().finished; }
  const std::vector<RecordingObserver::Entry>& log() const { return bench.observer.entries; }
  // The end of the connection: nothing may be left after it.
  void close() {
    out_.clear();
    if (session_ != nullptr) session_->abort(AbortReason::peer_gone);
    session_.reset();
  }
  ~H1Server() { close(); }
  H1Server(const H1Server&) = delete;
  H1Server& operator=(const H1Server&) = delete;

 private:
  OutputQueue out_;
  std::unique_ptr<ByteSession> session_;
};

}  // namespace troika::test
