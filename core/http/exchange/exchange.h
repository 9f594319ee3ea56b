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
  virtual void body_ready() noexcept = 0;                  // pull_response() may return more now
  virtual void credit(std::size_t consumed) noexcept = 0;  // open the request window by these bytes
  // The rest of the request body is unwanted. Not an error.
  virtual void stop_request(AbortReason reason) noexcept = 0;
  virtual void reset(AbortReason reason) noexcept = 0;  // the whole exchange, at once

 protected:
  ~StreamPort() = default;
};

// One request and its response: connects a protocol stream with a handler, and is the only state
// machine for both. Owned by the stream (the StreamPort), which outlives it.
//
// The stream calls, in this order:
//   begin() or begin_rejected()         headers are complete (or too bad to go on)
//   on_body() / on_trailers()           as bytes arrive
//   advance()                           in produce(), no engine on the stack: the handler starts,
//                                       or waits for the handshake to be done
//   pull_response(), on_sent()          while there is room to send
//   on_peer_abort()                     the peer reset the stream, or the connection was lost
//   on_closed()                         both directions are over: the summary is emitted
// All except advance() and on_deadline() may be called with an engine on the stack: the only
// foreign code that they run is BodySource::pull and destructors.
class Exchange final : public Responder, private Waker, private BodyChannel::Feedback {
 public:
  Exchange(StreamPort& port, Services& services, const PeerInfo& peer, std::size_t body_window);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange();  // as on_peer_abort(peer_gone) and on_closed() if they were not called

  void begin(Request request);
  // The request is not valid: the response has this status, and the handler never sees the request.
  // `partial` holds the parts that were understood, for the log.
  void begin_rejected(Request partial, std::uint16_t status);
  void advance();

  // Fails with `limit` when the peer exceeded its window, with `protocol` when the content does not
  // match its Content-Length (RFC 9110 §8.6). end: the request is complete.
  Status on_body(std::span<const std::byte> bytes, bool end);
  // The request is complete, with trailer fields; replaces end = true.
  Status on_trailers(HeaderMap trailers);

  // The response body. An error means: reset this stream (the exchange is aborted already).
  Result<Pulled> pull_response(std::size_t max_bytes);
  const HeaderMap& response_trailers() const noexcept { return response_trailers_; }
  void on_sent(std::size_t bytes) noexcept;
  void on_all_sent() noexcept { sent_ = pulled_; }  // for sessions without on_sent()

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
  bool response_complete() const noexcept { return response_complete_; }  // all content was pulled
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

  // Destroyed in reverse order: the response body may use the job, and the job the request body.
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
  std::uint16_t rejected_ = 0;  // status of the response that replaces the handler's
  AbortReason aborted_ = AbortReason::none;
  bool begun_ = false;  // begin() was called; advance() starts the handler
  bool held_ = false;   // waits for the handshake; counted in PeerInfo::held
  bool handled_ = false;
  bool request_complete_ = false, response_complete_ = false;
  bool response_blocked_ = false;  // waits for the body source, not for the peer
  bool closed_ = false;
};

}  // namespace troika
