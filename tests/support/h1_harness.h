#pragma once
// An h1 server session in memory, and a strict reader of its responses.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/output_queue.h"
#include "proto/h1/server_session.h"
#include "support/responses.h"
#include "support/session_harness.h"

namespace troika::test {

struct H1Response {
  std::uint16_t status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // names in lower case
  std::string body;
  bool complete = false;

  std::string field(std::string_view name) const;
  bool closes() const { return field("connection") == "close"; }
};

// Reads responses as a strict client would (RFC 9112 §6.3). Sets `error` at the first thing amiss.
class H1ResponseReader {
 public:
  // heads: which of the final responses are to HEAD.
  explicit H1ResponseReader(std::string_view text, std::vector<bool> heads = {},
                            bool at_end = false);
  std::vector<H1Response> responses;
  std::string error;

 private:
  bool read_one();

  static std::string_view line(std::string_view& text);
  static bool read_status(std::string_view text, H1Response& r);
  static bool read_field(std::string_view text, H1Response& r);
  bool read_body(H1Response& r);
  bool read_chunks(H1Response& r);
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
  H1Server() : H1Server(h1::make_session) {}

  Bench bench;                  // change limits, timeouts and the handler before the first call
  std::size_t most_queued = 0;  // bytes of output, in take()

  ByteSession& session();
  void receive(std::string_view text) {
    (void)session().receive(bytes_of(text), bench.clock.now());
  }
  // What it has to say now; all of it is reported as written.
  std::string take(std::size_t high = 256U << 10U);
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
  using MakeSession = decltype(h1::make_session);
  explicit H1Server(MakeSession* make);

  OutputQueue out_;
  MakeSession* make_;  // of the test that links it
  std::unique_ptr<ByteSession> session_;
};

}  // namespace troika::test
