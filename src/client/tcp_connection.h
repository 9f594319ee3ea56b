#pragma once
#include <memory>

#include "base/time.h"
#include "client/fetch.h"
#include "http/message/limits.h"
#include "ports/transport.h"
#include "proto/session/byte_session.h"
#include "proto/session/client_byte_session.h"
#include "tls/ossl.h"

namespace troika::client {

// HTTP/1.1 or HTTP/2 over a transport, as ALPN or, without TLS, the caller says.
class TcpConnection final : public Connection, private Transport::Observer, private SessionHost {
 public:
  // `ssl` is that of the transport, or null.
  TcpConnection(std::unique_ptr<Transport> transport, const SSL* ssl, bool h2_without_tls,
                BufferPool& pool, const Limits& limits, TimerQueue& timers, const Clock& clock);
  ~TcpConnection() override;

  bool ready() const noexcept override { return session_ != nullptr && !closed_; }
  bool closed() const noexcept override { return closed_; }
  Error close_reason() const noexcept override { return reason_; }
  ClientSession& session() noexcept override { return *session_; }
  const SecurityInfo& security() const noexcept override { return transport_->security(); }
  std::vector<std::byte> resumption() const override;
  void close() override;
  bool flush(TimePoint now) override;

 private:
  void on_ready() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end() override;
  void on_writable() override {}  // every turn flushes
  void on_closed(Error why) override { lose(why); }
  void mark_dirty() noexcept override { dirty_ = true; }
  void lose(Error why);

  std::unique_ptr<Transport> transport_;
  const SSL* ssl_;
  BufferPool& pool_;
  const Limits& limits_;
  const Clock& clock_;
  OutputQueue out_;
  std::unique_ptr<ClientByteSession> session_;
  Timer timer_;
  Error reason_{ErrorCode::closed, ""};
  bool h2_without_tls_;
  bool closed_ = false;
  bool dirty_ = false;  // since the last flush began
};

}  // namespace troika::client
