#pragma once
#include <memory>
#include <utility>

#include "http/exchange/body_channel.h"
#include "http/exchange/client_session.h"

namespace troika::h1 {

// The user's end of a request: what the session knows of it goes through Link, which either side
// cuts when it goes first.
class ClientStreamLink {
 public:
  virtual void on_body_room() noexcept = 0;
  virtual void on_user_gone() noexcept = 0;

 protected:
  ~ClientStreamLink() = default;
};

class H1ClientStream final : public ClientStream, private BodyChannel::Feedback {
 public:
  H1ClientStream(BufferPool& pool, std::size_t window, ResponseReceiver& receiver,
                 ClientStreamLink& link)
      : channel(pool, window, *this), receiver_(receiver), link_(&link) {}
  H1ClientStream(const H1ClientStream&) = delete;
  H1ClientStream& operator=(const H1ClientStream&) = delete;
  ~H1ClientStream() override {
    channel.detach();
    if (link_ != nullptr) link_->on_user_gone();
  }

  BodySource& body() override { return channel; }
  bool finished() const noexcept override { return link_ == nullptr; }

  ResponseReceiver& receiver() const noexcept { return receiver_; }
  void unlink() noexcept { link_ = nullptr; }

  BodyChannel channel;

 private:
  void on_consumed(std::size_t) noexcept override {
    if (link_ != nullptr) link_->on_body_room();
  }
  // The channel drops what still comes; who wants to save it destroys the stream.
  void on_stopped(AbortReason) noexcept override {}

  ResponseReceiver& receiver_;
  ClientStreamLink* link_;
};

}  // namespace troika::h1
