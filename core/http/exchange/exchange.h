#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "http/exchange/body_channel.h"
#include "http/exchange/handler.h"
#include "http/exchange/observer.h"
#include "http/exchange/services.h"
#include "http/message/body.h"
#include "http/message/message.h"

namespace troika {

// What one protocol stream offers to its Exchange; implemented by h1, h2 and h3. Every method only
// records and marks the connection dirty; the session acts on the records at the start of
// produce(), with no engine on the stack.
class StreamPort {
 public:
  virtual void send_informational(const ResponseHead& head) = 0;
  virtual void send_head(const ResponseHead& head, BodyFraming framing) = 0;  // at most once
  virtual void body_ready() noexcept = 0;  // pull_response() is worth a call again
  virtual void credit(
      std::size_t consumed) noexcept = 0;  // request bytes: open the window by these
  // The rest of the request body is not wanted. Not an error.
  virtual void stop_request(AbortReason reason) noexcept = 0;
  virtual void reset(AbortReason reason) noexcept = 0;  // the whole exchange, at once

 protected:
  ~StreamPort() = default;
};

// One request and its response: where a protocol stream and a handler meet, and the only state
// machine of its kind. Owned by the stream (the StreamPort), which outlives it.
//
// The stream calls, in this order:
//   begin() or begin_rejected()         headers are complete (or too bad to go on)
//   on_body() / on_trailers()           as bytes arrive
//   advance()                           in produce(), no engine on the stack: the handler starts,
//                                       or waits for the handshake to be done
//   pull_response(), on_sent()          while there is room to send
//   on_peer_abort()                     the peer reset the stream, or the connection was lost
//   on_closed()                         both directions are over: the summary is emitted
// All but advance() and on_deadline() may be called under an engine: they run no foreign code but
// BodySource::pull and destructors.
class Exchange final : public Responder, private Waker, private BodyChannel::Feedback {
 public:
  Exchange(StreamPort& port, Services& services, const PeerInfo& peer, std::size_t body_window);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();  // as on_peer_abort(peer_gone) and on_closed() if they did not come

  void begin(Request request);
  // The request is not valid; it is answered with that status, the handler never sees it. What was
  // understood of it is for the log.
  void begin_rejected(Request partial, std::uint16_t status);
  void advance();

  // Fails with `limit` when the peer overran its window, `protocol` when a declared Content-Length
  // does not hold (RFC 9110 §8.6). end: the request is complete.
  Status on_body(std::span<const std::byte> bytes, bool end);
  // The request is complete, with trailer fields; instead of end = true.
  Status on_trailers(HeaderMap trailers);

  // The response body. An error means: reset this stream (the exchange is aborted already).
  Result<Pulled> pull_response(std::size_t max_bytes);
  const HeaderMap& response_trailers() const noexcept { return response_trailers_; }
  void on_sent(std::size_t bytes) noexcept;
  void on_all_sent() noexcept { sent_ = pulled_; }  // instead, when nobody will say so

  // The connection sent bytes at that time, and this response only waits for its turn: the write
  // deadline counts from then.
  void on_progress(TimePoint progress) noexcept {
    if (progress > last_progress_) last_progress_ = progress;
  }

  void on_peer_abort(AbortReason reason) noexcept;
  void on_closed() noexcept;

  TimePoint deadline() const noexcept;
  void on_deadline(TimePoint now);

  const Request& request() const noexcept { return request_; }
  bool head_sent() const noexcept { return status_ != 0; }
  bool request_complete() const noexcept { return request_complete_; }
  bool response_complete() const noexcept { return response_complete_; }  // all of it was pulled
  bool aborted() const noexcept { return aborted_ != AbortReason::none; }

  Status inform(const ResponseHead& head) override;
  Status respond(ResponseHead head, std::unique_ptr<BodySource> body) override;
  void abort(AbortReason reason) noexcept override;

 private:
  void wake() noexcept override;
  void on_first_pull() noexcept override;
  void on_consumed(std::size_t bytes) noexcept override;
  void on_stopped(AbortReason reason) noexcept override;

  void start(Request request);
  void handle();
  bool admitted();
  bool may_be_replay() const noexcept;
  void stop_waiting() noexcept;
  Status complete_request(HeaderMap trailers);
  BodyFraming choose_framing(const ResponseHead& head, const BodySource* body) const;
  void add_common_fields(ResponseHead& head, const BodySource* body) const;
  void finish_response() noexcept;
  void release_job() noexcept;
  void drop_response(AbortReason reason) noexcept;
  void cancel(AbortReason reason) noexcept;

  StreamPort& port_;
  Services& services_;
  const PeerInfo& peer_;

  // Destroyed from the bottom up: the response body may use the job, the job the request body.
  Request request_;
  BodyChannel body_;
  std::unique_ptr<Job> job_;
  std::unique_ptr<BodySource> response_;
  HeaderMap response_trailers_;

  std::uint64_t received_ = 0;             // request body bytes
  std::uint64_t pulled_ = 0, sent_ = 0;    // response body bytes
  std::optional<std::uint64_t> declared_;  // response length, when framed by it
  WallTime started_wall_;
  TimePoint started_, last_progress_;
  std::uint16_t status_ = 0;    // of the response; 0 until respond()
  std::uint16_t rejected_ = 0;  // status to answer with instead of the handler
  AbortReason aborted_ = AbortReason::none;
  bool begun_ = false;  // begin() came; the handler starts in advance()
  bool held_ = false;   // for the handshake, and counted so
  bool handled_ = false;
  bool request_complete_ = false, response_complete_ = false;
  bool response_blocked_ = false;  // waits for the body source, not for the peer
  bool closed_ = false;
};

}  // namespace troika
