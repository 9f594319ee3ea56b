#pragma once
#include <memory>
#include <span>
#include <vector>

#include "base/time.h"
#include "client/fetch.h"
#include "http/message/limits.h"
#include "loop/udp_socket.h"
#include "ports/transport.h"
#include "proto/h3/session.h"
#include "proto/quic/client_connection.h"
#include "runtime/stream_connection.h"
#include "tls/ossl.h"

namespace troika::client {

// HTTP/1.1 or HTTP/2 over a transport, chosen by ALPN or, without TLS, by the caller.
class TcpConnection final : public Connection, private StreamConnectionOwner {
 public:
  // `ssl` belongs to the transport, or is null.
  TcpConnection(std::unique_ptr<Transport> transport, const SSL* ssl, bool h2_without_tls,
                const CallServices& services, TimerQueue& timers, const ConnectTimes& times = {});

  bool ready() const noexcept override { return stream_.state() == StreamState::open; }
  bool closed() const noexcept override { return stream_.state() == StreamState::closed; }
  Error close_reason() const noexcept override { return stream_.fault().value_or(reason_); }
  // When closed: how far it got. connecting or handshaking: that step failed.
  StreamState closed_at() const noexcept { return closed_at_; }
  ClientSession& session() noexcept override { return *session_; }
  const SecurityInfo& security() const noexcept override { return stream_.transport().security(); }
  std::vector<std::byte> resumption() const override;
  void close() override { stream_.abort(AbortReason::peer_gone); }
  bool flush(TimePoint now) override;

 private:
  std::unique_ptr<ByteSession> make_session(SessionHost& host, std::span<const std::byte> first,
                                            bool ended) override;
  void on_dirty() noexcept override { dirty_ = true; }
  void on_closed(StreamState at, const std::optional<Error>& lost) noexcept override;

  const SSL* ssl_;
  const CallServices& services_;
  ClientSession* session_ = nullptr;  // of stream_
  Error reason_{ErrorCode::closed, "ended"};
  StreamState closed_at_ = StreamState::connecting;
  bool h2_without_tls_;
  bool dirty_ = false;  // since the last flush began
  StreamConnection stream_;
};

// HTTP/3, on its own UDP socket, and on another one after each move.
class QuicConnection final : public Connection, private DatagramSink {
 public:
  static Checked<std::unique_ptr<QuicConnection>> open(Loop& loop, const CallServices& services,
                                                       Random& random,
                                                       const tls::ClientContext& tls,
                                                       const Address& remote,
                                                       const quic::ClientConfig& config);
  ~QuicConnection() override;

  bool ready() const noexcept override;
  bool closed() const noexcept override;
  Error close_reason() const noexcept override { return quic_->close_reason(); }
  ClientSession& session() noexcept override { return *h3_; }
  const SecurityInfo& security() const noexcept override { return streams_->security(); }
  std::vector<std::byte> resumption() const override { return quic_->resumption(); }
  void close() override;
  bool flush(TimePoint now) override;

  // False: not possible now.
  bool update_key() { return quic_->update_key(loop_.clock().now()); }
  bool move();  // to another local port; false: failed

  UdpSocket& socket() noexcept { return *sockets_.back(); }
  const Address& remote() const noexcept { return streams_->remote(); }  // the server may change it

 private:
  explicit QuicConnection(Loop& loop)
      : loop_(loop), timer_(loop.timers(), [this] { quic_->on_deadline(loop_.clock().now()); }) {}

  Checked<void> add_socket(const Address& local);
  SendOutcome send(const Datagram& datagram) override;

  Loop& loop_;
  Timer timer_;
  std::vector<std::unique_ptr<UdpSocket>> sockets_;  // the connection uses the last
  quic::QuicStreams* streams_ = nullptr;             // of quic_
  h3::ClientApplication* h3_ = nullptr;              // of quic_
  std::unique_ptr<quic::ClientConnection> quic_;
};

}  // namespace troika::client
