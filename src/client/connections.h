#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "client/fetch.h"
#include "client/race.h"
#include "client/resolver.h"
#include "http/message/limits.h"
#include "loop/udp_socket.h"
#include "ports/transport.h"
#include "proto/h3/session.h"
#include "proto/quic/client_connection.h"
#include "runtime/stream_connection.h"
#include "tls/context/client_context.h"
#include "tls/ossl.h"
#include "tls/transport/tls_transport.h"

namespace troika::client {

// How long a connection may take to become ready. Over QUIC, see quic::ClientConfig.
struct ConnectTimes {
  Duration connect = std::chrono::seconds(5);    // TCP and TLS together, of one address
  Duration tls = std::chrono::seconds(5);        // the part of it after TCP has connected
  Duration resolving = std::chrono::seconds(5);  // finding the addresses of a name, any protocol
};

// HTTP/1.1 or HTTP/2 over a transport, chosen by ALPN or, without TLS, by the caller.
class TcpConnection final : public Connection, private StreamConnectionOwner {
 public:
  // `ssl` belongs to the transport, or is null.
  TcpConnection(std::unique_ptr<Transport> transport, const SSL* ssl, bool h2_without_tls,
                const CallServices& services, TimerQueue& timers, const ConnectTimes& times = {});

  bool ready() const noexcept override { return stream_.state() == StreamState::open; }
  bool closed() const noexcept override { return stream_.state() == StreamState::closed; }
  Error close_reason() const noexcept override { return stream_.fault().value_or(reason_); }
  CallStep step() const noexcept override;
  ClientSession& session() noexcept override { return *session_; }
  const SecurityInfo& security() const noexcept override { return stream_.transport().security(); }
  std::vector<std::byte> resumption() const override;
  void close() override { stream_.abort(AbortReason::peer_gone); }
  bool flush(TimePoint now) override { return stream_.flush(now); }

 private:
  std::unique_ptr<ByteSession> make_session(SessionHost& host, std::span<const std::byte> first,
                                            bool ended) override;
  void on_dirty() noexcept override { mark_dirty(); }
  void on_closed(StreamState at, const std::optional<Error>& lost) noexcept override;

  const SSL* ssl_;
  const CallServices& services_;
  ClientSession* session_ = nullptr;  // of stream_
  Error reason_{ErrorCode::closed, "ended"};
  StreamState closed_at_ = StreamState::connecting;
  bool h2_without_tls_;
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
  // The server has answered once a datagram of its own has come.
  CallStep step() const noexcept override { return step_; }
  Error close_reason() const noexcept override { return quic_->close_reason(); }
  ClientSession& session() noexcept override { return *h3_; }
  const SecurityInfo& security() const noexcept override;
  std::vector<std::byte> resumption() const override { return quic_->resumption(); }
  void close() override;
  bool flush(TimePoint now) override;

  bool update_key() override;
  bool move() override;

  UdpSocket& socket() noexcept { return *sockets_.back(); }
  const Address& remote() const noexcept;  // the server may change it

 private:
  class Streams;

  explicit QuicConnection(Loop& loop);
  void receive(const Datagram& datagram, TimePoint now);
  void note_progress() noexcept;
  Checked<void> add_socket(const Address& local);
  SendOutcome send(const Datagram& datagram) override;

  Loop& loop_;
  Timer timer_;
  std::vector<std::unique_ptr<UdpSocket>> sockets_;  // the connection uses the last
  std::unique_ptr<Streams> streams_;                 // of quic_, whose application uses it
  h3::ClientApplication* h3_ = nullptr;              // of quic_
  CallStep step_ = CallStep::connect;
  std::unique_ptr<quic::ClientConnection> quic_;
};

// Makes connections on one loop, and has what they share. Outlives them.
class Connector {
 public:
  struct Options {
    std::string ca_file{};                // PEM; empty: the CAs that the system trusts
    std::string cert_file{}, key_file{};  // for servers that request one; empty: none
    std::function<void(const std::string& serial)> on_server_certificate{};  // at a full handshake
    std::string groups{}, ciphers{};  // as in tls::ClientOptions; empty: as in our server
    ConnectTimes times{};
    Limits limits{};               // call_window and concurrent_streams decide the windows
    quic::ClientConfig quic{};     // open() sets name, windows and resumption
    bool verify = true;            // false: any certificate will do, and ca_file is not used
    Resolver* resolver = nullptr;  // outlives the connector; null: the system's
  };

  // The references outlive it.
  static Checked<std::unique_ptr<Connector>> make(Loop& loop, BufferPool& pool,
                                                  const Options& options);

  // The certificate must be valid for `host`. With the `resumption` of an earlier connection to
  // this host and protocol, it is ready at once if the server accepts early data. The error is one
  // sentence.
  Checked<std::unique_ptr<Connection>> open(Protocol protocol, const Address& remote,
                                            const std::string& host,
                                            std::span<const std::byte> resumption = {});
  // To whichever address of the name connects first; Connection::why() tells why none has.
  std::unique_ptr<Connection> open(Protocol protocol, const Name& to, const std::string& host,
                                   std::span<const std::byte> resumption = {});

 private:
  Connector(Loop& loop, BufferPool& pool, const Options& options);

  Loop& loop_;
  SystemRandom random_;
  const Limits limits_;
  const CallServices services_;
  const ConnectTimes times_;
  const quic::ClientConfig quic_;
  tls::RecordScratch scratch_;
  std::unique_ptr<tls::ClientContext> h1_, h2_, h3_;
  std::unique_ptr<Resolver> own_resolver_;
  Resolver& resolver_;
};

}  // namespace troika::client
