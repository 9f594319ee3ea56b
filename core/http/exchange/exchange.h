#pragma once
#include <cstddef>
#include <memory>
#include <optional>

#include "http/exchange/handler.h"
#include "http/exchange/message_end.h"
#include "http/exchange/observer.h"
#include "http/exchange/services.h"
#include "http/message/body.h"
#include "http/message/message.h"

namespace troika {

// What becomes of the handler's work:
//
//             advance()          respond() of ours   all is pulled, or no job   on_closed()
//   idle      running, or held   -                   released                   closed
//   held      running            idle                -                          closed
//   running   -                  -                   released                   closed
//   released  -                  -                   -                          closed
enum class Handling : std::uint8_t { idle, held, running, released, closed };

// One request and its response: connects a protocol stream with a handler, and is the only state
// machine for both. What holds between its three axes, Receiving, Sending and Handling:
//
//   The handler runs only after the head:           running   => not Receiving::head
//   There is no job without a running handler:      a job     => running
//   What is received is unwanted once nobody runs:  released  => Receiving::done or stopped
//   It is counted in PeerInfo::held:                held      <=> counted, and Sending::nothing
//   Whoever is aborted sends no more:               aborted() <=> Sending::reset
//   A tunnel keeps its job until both sides end, and the handler has read that
//
// h2 and h3 give the fields of the head one by one; h1, whose reader has a request already, calls
// begin() or begin_rejected().
class Exchange final : public MessageEnd, public Responder {
 public:
  Exchange(StreamPort& port, Services& services, const PeerInfo& peer, HttpVersion version,
           std::size_t window);
  ~Exchange();  // as on_peer_abort(peer_gone) and on_closed() if they were not called

  void begin(Request&& request);
  // The request is not valid: the response has this status, and the handler never sees the request.
  // `partial` holds the parts that were understood, for the log.
  void begin_rejected(Request&& partial, std::uint16_t status);
  // Before begin(): some of it came in early data.
  void came_early() noexcept { request_.early_data = true; }

  Status on_head_end(bool end) override;
  void advance() override;
  Result<Pulled> pull(std::size_t max_bytes) override;
  void on_peer_reset(AbortReason reason, std::uint64_t wire_code) noexcept override;
  void on_peer_stop(AbortReason reason, std::uint64_t wire_code) noexcept override;
  void on_peer_abort(AbortReason reason) noexcept override;
  void on_fault(std::uint16_t status, AbortReason reason) override;
  void on_closed() noexcept override;
  bool reads_on() const noexcept override {
    return shape_ == Shape::tunnel && handling_ == Handling::running && !aborted();
  }
  bool over() const noexcept override { return handling_ == Handling::closed; }

  TimePoint deadline() const noexcept override;
  void on_deadline(TimePoint now) override;

  const Request& request() const noexcept { return request_; }
  bool head_sent() const noexcept { return status_ != 0; }
  std::uint16_t rejected() const noexcept { return rejected_; }  // a status instead of the handler
  Handling handling() const noexcept { return handling_; }

  Status inform(const ResponseHead& head) override;
  Status respond(ResponseHead head, std::unique_ptr<BodySource> body) override;
  void abort(AbortReason reason) noexcept override;

 private:
  bool on_head_field(std::string_view name, std::string_view value) override;
  void on_first_pull() noexcept override;
  void on_stopped(AbortReason reason) noexcept override;

  void start();
  RequestBuilder& builder();
  bool offers_tunnel() const noexcept { return !request_.protocol.empty(); }
  void decline_tunnel();
  void handle();
  bool admitted();
  bool may_be_replay() const noexcept;
  void stop_waiting() noexcept;
  bool peer_owes_content() const noexcept override;
  BodyFraming choose_framing(const ResponseHead& head, const BodySource* body) const;
  void add_common_fields(ResponseHead& head, const BodySource* body) const;
  void drop_request() noexcept;
  void release_when_done() noexcept;
  void release_job() noexcept;
  void cancel(AbortReason reason) noexcept;

  Services& services_;
  Ref<Snapshot> snapshot_;  // of the head; outlives the job
  const PeerInfo& peer_;
  Request request_;
  HeaderMap kept_;  // of the request's fields, once those are dropped
  Routed routed_;
  std::optional<RequestBuilder> builder_;  // while the head comes
  std::unique_ptr<Job> job_;

  WallTime started_wall_;
  TimePoint started_;
  std::uint16_t status_ = 0;    // of the response; 0 until respond()
  std::uint16_t rejected_ = 0;  // status of the response that replaces the handler's
  HttpVersion version_;
  Handling handling_ = Handling::idle;
};

}  // namespace troika
