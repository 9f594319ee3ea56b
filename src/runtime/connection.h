#pragma once
#include <list>
#include <memory>
#include <string>

#include "admission/memory.h"
#include "admission/places.h"
#include "base/ownership.h"
#include "http/exchange/observer.h"
#include "http/exchange/services.h"
#include "ports/flush.h"
#include "runtime/stream_connection.h"

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

// What a server adds to a StreamConnection: the session that ALPN (or the first bytes on a plain
// port) chose, who the peer is, and what the operator hears of handshakes.
class Connection final : public Deletable,
                         public Flushable,
                         private StreamConnectionOwner,
                         public MemoryHolder,
                         private Occupant {
 public:
  // `plain` serves clients that send plain HTTP to a TLS port; null: they get an alert. The
  // references and `plain` outlive it.
  Connection(std::unique_ptr<Transport> transport, std::string alt_svc, Services& services,
             TimerQueue& timers, Places& places, ConnectionOwner& owner, Services* plain = nullptr);

  void start() { stream_.start(); }
  // Applies the records and writes, up to a budget. True: more can be written now.
  bool flush(TimePoint now) override;
  void drain() { stream_.drain(); }
  // The address that the client came to goes away, and what was announced there with it.
  void retire();
  const Address& local() const noexcept { return stream_.transport().local(); }
  std::size_t held() const noexcept override { return stream_.held(); }
  TimePoint progress_at() const noexcept override { return stream_.progress_at(); }
  void shed() noexcept override { stream_.abort(AbortReason::refused); }
  void abort() { stream_.abort(AbortReason::shutdown); }  // at the drain deadline

  std::list<std::unique_ptr<Connection>>::iterator at;  // used by the owner

 private:
  std::unique_ptr<ByteSession> make_session(SessionHost& host, std::span<const std::byte> first,
                                            bool ended) override;
  std::unique_ptr<ByteSession> make_plain_session(SessionHost& host) override;
  void on_handshake_done() override { peer_.security = stream_.transport().security(); }
  void on_dirty() noexcept override;
  void give_way() noexcept override { stream_.give_way(services_.clock.now()); }
  void on_closed(StreamState at, const std::optional<Error>& lost) noexcept override;
  void know_peer();

  Services& services_;
  Services* const plain_;
  ConnectionOwner& owner_;
  PeerInfo peer_;
  Place place_;
  StreamConnection stream_;  // after peer_, which its session refers to
};

}  // namespace troika
