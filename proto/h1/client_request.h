#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/output_queue.h"
#include "http/message/body.h"
#include "http/message/request.h"
#include "proto/h1/writer.h"
#include "proto/session/session_host.h"

namespace troika::h1 {

// A request of ours on its way out.
class ClientRequest final : private Waker {
 public:
  ClientRequest(const Request& request, std::unique_ptr<BodySource> body, SessionHost& host);
  ClientRequest(const ClientRequest&) = delete;
  ClientRequest& operator=(const ClientRequest&) = delete;
  ~ClientRequest();

  // An error means: the body failed, the request cannot be completed.
  Status produce(OutputQueue& out, std::size_t high, TimePoint now);

  bool sent() const noexcept { return sent_; }  // all of it
  bool begun() const noexcept { return head_.empty(); }
  bool starved() const noexcept { return starved_; }
  bool is_head() const noexcept { return is_head_; }

  // RFC 9110 §10.1.1: the body waits for 100, and not for ever.
  void on_continue() noexcept;
  TimePoint deadline() const noexcept { return continue_at_; }
  void stop(AbortReason reason) noexcept;  // the rest is not sent

 private:
  void wake() noexcept override;
  Status write_body(OutputQueue& out, std::size_t high);
  void end(OutputQueue& out);

  SessionHost& host_;
  std::unique_ptr<BodySource> body_;
  std::string head_;
  std::optional<std::uint64_t> left_;  // of a body that is framed by its length
  TimePoint continue_at_ = kNever;
  bool waits_ = false;  // for 100
  bool blocked_ = false;
  bool starved_ = false, sent_ = false, is_head_;
};

}  // namespace troika::h1
