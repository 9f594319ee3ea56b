#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "http/message/limits.h"
#include "proto/h1/client_stream.h"
#include "proto/h1/response_reader.h"
#include "proto/session/byte_session.h"

namespace troika::h1 {

// The client side of one HTTP/1.1 connection, with one request in flight at a time.
class ClientSession final : public ClientByteSession,
                            private ResponseReader::BodySink,
                            private ClientStreamLink {
 public:
  ClientSession(BufferPool& pool, const Limits& limits, SessionHost& host);
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;
  ~ClientSession() override;

  Result<std::unique_ptr<troika::ClientStream>> start(const Request& request,
                                                      std::unique_ptr<BodySource> body,
                                                      ResponseReceiver& receiver) override;
  bool full() const noexcept override { return request_ != nullptr; }
  bool draining() const noexcept override { return draining_ || over_; }

  Status receive(std::span<const std::byte> bytes, TimePoint now) override;
  void receive_end(TimePoint now) override;
  Status produce(OutputQueue& out, std::size_t high_watermark, TimePoint now) override;
  void on_written(std::size_t, TimePoint) noexcept override {}
  void on_progress(TimePoint) noexcept override {}
  Interest interest() const noexcept override;
  TimePoint deadline() const noexcept override;
  void on_deadline(TimePoint now) override;
  void drain() override;
  void abort(AbortReason reason) noexcept override;

 private:
  bool on_body(std::span<const std::byte> bytes) override;
  void on_body_room() noexcept override { host_.mark_dirty(); }
  void on_user_gone() noexcept override;

  std::size_t consume(std::span<const std::byte> bytes);
  std::size_t room() const noexcept;
  void act_on(ResponseReader::Event event);
  void begin_body();
  void end_response(HeaderMap trailers);
  void finish_exchange();
  void fail(AbortReason reason) noexcept;

  BufferPool& pool_;
  const Limits& limits_;
  SessionHost& host_;
  ResponseReader reader_;
  std::unique_ptr<ClientRequest> request_;  // in flight
  ClientStream* stream_ = nullptr;          // its user's end
  std::vector<std::byte> buffered_;         // received, but the body's window has no room
  bool in_body_ = false;
  bool response_over_ = false;
  bool peer_ended_ = false;
  bool draining_ = false;
  bool over_ = false, broken_ = false;
};

// The arguments outlive the session.
std::unique_ptr<ClientByteSession> make_client_session(BufferPool& pool, const Limits& limits,
                                                       SessionHost& host);

}  // namespace troika::h1
