#pragma once
#include <list>
#include <memory>

#include "base/ownership.h"
#include "base/time.h"
#include "http/exchange/observer.h"
#include "http/exchange/services.h"
#include "ports/transport.h"
#include "proto/session/byte_session.h"

namespace troika {

class Connection;

// The owner of connections: marks them for the flush and frees them after it.
class ConnectionOwner {
 public:
  virtual void on_dirty(Connection& connection) noexcept = 0;
  virtual void on_done(Connection& connection) noexcept = 0;  // once; free it after the call
  // The TLS handshake failed after the client sent data; `why` is static text.
  virtual void on_handshake_failed(const Address& client, std::string_view why) noexcept = 0;

 protected:
  ~ConnectionOwner() = default;
};

// One TCP connection: a transport, the protocol session that ALPN (or the first bytes on a plain
// port) chose, and the deadlines of both. I/O callbacks feed the session; flush() does the rest.
class Connection final : public Deletable, private Transport::Observer, private SessionHost {
 public:
  // `plain` serves clients that send plain HTTP to a TLS port; null: they get an alert. The
  // references and `plain` outlive it.
  Connection(std::unique_ptr<Transport> transport, std::string alt_svc, Services& services,
             TimerQueue& timers, ConnectionOwner& owner, Services* plain = nullptr);
  ~Connection() override;

  void start();
  // Applies the records and writes, up to a budget. True: more can be written now.
  bool flush(TimePoint now);
  void drain();
  void abort();  // at the drain deadline: nothing more is sent

  bool dirty = false;                                      // used by the owner: on its list
  std::list<std::unique_ptr<Connection>>::iterator place;  // used by the owner

 private:
  // opening: TLS handshake, or the first bytes of a plain connection. open: with early data the
  // handshake still goes on. lingering: everything is sent and our side is shut down; received
  // bytes are dropped, because unread ones would cause a reset that could destroy the response.
  enum class State : std::uint8_t { opening, open, lingering, done };

  void on_ready() override;
  void on_handshake_done() override;
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_end() override;
  void on_writable() override { mark_dirty(); }
  void on_closed(Error why) override;
  bool on_plain_http(std::unique_ptr<ByteStream>& stream,
                     std::span<const std::byte> bytes) override;
  void mark_dirty() noexcept override {
    if (state_ != State::done) owner_.on_dirty(*this);
  }

  void choose_session(std::span<const std::byte> first);
  void open_session(bool h2, Services& services);
  void settle(TimePoint now);
  void linger(TimePoint now);
  void finish() noexcept;
  void lose(std::string_view why) noexcept;  // finish(), and reports a handshake that fails by it
  void on_timer();
  bool waits_for_peer(TimePoint now);
  void arm(TimePoint now);

  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Transport> refused_;  // the TLS one, when the client sends plain HTTP
  Services& services_;
  Services* const plain_;
  ConnectionOwner& owner_;
  PeerInfo peer_;
  OutputQueue out_;
  std::vector<std::byte> first_bytes_;  // of a plain connection, until they tell the protocol
  std::unique_ptr<ByteSession> session_;
  Timer timer_;
  TimePoint deadline_;      // of the handshake and of the states opening and lingering
  TimePoint moved_at_;      // when the peer last accepted waiting bytes
  std::uint64_t sent_ = 0;  // transport_->sent() as last seen
  State state_ = State::opening;
  bool waiting_ = false;  // for the peer, when last checked
  bool draining_ = false;
  bool ended_ = false;  // the peer sends no more
};

}  // namespace troika
