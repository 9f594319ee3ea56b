#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "ports/datagram.h"
#include "proto/quic/application.h"
#include "tls/context/context.h"

namespace troika::quic {

struct ClientConfig {
  std::string server_name;                    // for SNI and the certificate check
  std::size_t stream_window = 1U << 20U;      // bytes
  std::size_t connection_window = 4U << 20U;  // bytes
  Duration handshake_timeout = std::chrono::seconds(10);
  Duration idle_timeout = std::chrono::seconds(30);
  std::vector<std::byte> token{};  // that an earlier connection to this server was given
  std::uint32_t version = 1;       // QUIC version of the first Initial; others force negotiation
  // Those that the server may move to within the handshake (RFC 9368), `version` among them; empty:
  // that one alone.
  std::vector<std::uint32_t> versions{};
  bool takes_preferred_address = true;  // moves where the server asks it to, if it can
  // From ClientConnection::resumption(); empty, or of another version: full handshake.
  std::vector<std::byte> resumption{};
};

// One QUIC connection from the client side, without I/O. The arguments outlive it.
class ClientConnection {
 public:
  enum class State { handshake, established, closed };

  static Result<std::unique_ptr<ClientConnection>> make(const ClientConfig& config,
                                                        const Address& local, const Address& remote,
                                                        const Clock& clock, Random& random,
                                                        DatagramSink& sink,
                                                        const tls::ClientContext& tls,
                                                        const ApplicationFactory& application);
  virtual ~ClientConnection() = default;

  virtual QuicApplication& application() noexcept = 0;
  virtual State state() const noexcept = 0;
  virtual Error close_reason() const noexcept = 0;  // once closed; `closed` for a clean one
  // The application is there and can send, within early data (0-RTT) before the handshake is
  // complete: an attacker can bring that to the server a second time, so what must not be done
  // twice waits until established().
  virtual bool ready() const noexcept = 0;
  // For the next connection to this server, once a ticket of it came; also after the end.
  virtual std::vector<std::byte> resumption() = 0;
  // The last that the server gave for the next connection (NEW_TOKEN); empty: none yet.
  virtual std::span<const std::byte> token() const noexcept = 0;
  virtual void receive(const Datagram& datagram, TimePoint now) = 0;
  virtual bool flush(TimePoint now) = 0;  // true: there is more to send
  virtual void on_writable() = 0;
  virtual TimePoint deadline() const noexcept = 0;
  virtual void on_deadline(TimePoint now) = 0;
  virtual void close(AppError code, TimePoint now) = 0;
  // False: not now, as the handshake or the update before is not confirmed yet (RFC 9001 §6.1).
  virtual bool update_key(TimePoint now) = 0;
  // Goes on from another address of this side, which the sink sends from (RFC 9000 §9.2). False:
  // not now, as for update_key(), or the server forbids it.
  virtual bool move_to(const Address& local, TimePoint now) = 0;
};

}  // namespace troika::quic
