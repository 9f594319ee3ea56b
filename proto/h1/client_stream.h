#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/output_queue.h"
#include "base/time.h"
#include "http/exchange/client_session.h"
#include "http/exchange/incoming.h"
#include "http/message/body.h"
#include "http/message/message.h"
#include "proto/h1/writer.h"
#include "proto/session/byte_session.h"

namespace troika::h1 {

// A request of ours on its way out.
class ClientRequest final : private Waker {
 public:
  ClientRequest(const Request& request, std::unique_ptr<BodySource> body, SessionHost& host);
  ClientRequest(const ClientRequest&) = delete;
  ClientRequest& operator=(const ClientRequest&) = delete;
  ~ClientRequest();

  // An error means: the body failed, the request cannot be completed.
  Status produce(OutputQueue& out, std::size_t high_watermark, TimePoint now);

  bool sent() const noexcept { return sent_; }  // all of it
  bool begun() const noexcept { return head_.empty(); }
  bool starved() const noexcept { return starved_; }

  // RFC 9110 §10.1.1: the body waits for 100, but not indefinitely.
  void on_continue() noexcept;
  TimePoint deadline() const noexcept { return continue_at_; }
  void stop(AbortReason reason) noexcept;  // the rest is not sent

 private:
  void wake() noexcept override;
  Status write_body(OutputQueue& out, std::size_t high_watermark);
  void end(OutputQueue& out);

  SessionHost& host_;
  std::unique_ptr<BodySource> body_;
  std::string head_;
  std::optional<std::uint64_t> left_;  // of a body that is framed by its length
  TimePoint continue_at_ = kNever;
  bool waits_ = false;  // for 100
  bool blocked_ = false;
  bool starved_ = false, sent_ = false;
};

// How the user's end of a request and the session know each other; the first that goes cuts it.
class ClientStreamLink {
 public:
  virtual void on_body_room() noexcept = 0;
  virtual void on_user_gone() noexcept = 0;

 protected:
  ~ClientStreamLink() = default;
};

// The user's end of a request.
class ClientStream final : public troika::ClientStream, private Incoming::Feedback {
 public:
  ClientStream(BufferPool& pool, std::size_t window, ResponseReceiver& receiver,
               ClientStreamLink& link)
      : channel(pool, window, *this), receiver_(receiver), link_(&link) {}
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;
  ~ClientStream() override {
    channel.detach();
    if (link_ != nullptr) link_->on_user_gone();
  }

  BodySource& body() override { return channel; }
  bool finished() const noexcept override { return link_ == nullptr; }

  ResponseReceiver& receiver() const noexcept { return receiver_; }
  void unlink() noexcept { link_ = nullptr; }

  Incoming channel;

 private:
  void on_consumed(std::size_t) noexcept override {
    if (link_ != nullptr) link_->on_body_room();
  }
  // The channel drops the rest; a user that wants to save it destroys the stream.
  void on_stopped(AbortReason) noexcept override {}

  ResponseReceiver& receiver_;
  ClientStreamLink* link_;
};

}  // namespace troika::h1
