#pragma once
#include <memory>
#include <span>
#include <vector>

#include "client/connection.h"
#include "http/limits.h"
#include "proto/h3/session.h"
#include "proto/quic/client_connection.h"
#include "uv/udp_socket.h"

namespace troika::client {

// HTTP/3, on a UDP socket of its own.
class QuicConnection final : public Connection {
 public:
  static Checked<std::unique_ptr<QuicConnection>> open(Loop& loop, BufferPool& pool,
                                                       const Limits& limits, Random& random,
                                                       const tls::ClientContext& tls,
                                                       const Address& remote,
                                                       const std::string& host,
                                                       std::span<const std::byte> resumption);
  ~QuicConnection() override;

  bool ready() const noexcept override;
  bool closed() const noexcept override;
  Error close_reason() const noexcept override { return quic_->close_reason(); }
  ClientSession& session() noexcept override { return *h3_; }
  const SecurityInfo& security() const noexcept override { return streams_->security(); }
  std::vector<std::byte> resumption() const override { return quic_->resumption(); }
  void close() override;
  bool flush(TimePoint now) override;

  UdpSocket& socket() noexcept { return *socket_; }
  const Address& remote() const noexcept { return streams_->remote(); }  // the server may move it

 private:
  explicit QuicConnection(Loop& loop)
      : loop_(loop), timer_(loop.timers(), [this] { quic_->on_deadline(loop_.clock().now()); }) {}

  Loop& loop_;
  Timer timer_;
  std::unique_ptr<UdpSocket> socket_;
  quic::QuicStreams* streams_ = nullptr;  // of quic_
  h3::ClientApplication* h3_ = nullptr;   // of quic_
  std::unique_ptr<quic::ClientConnection> quic_;
};

}  // namespace troika::client
