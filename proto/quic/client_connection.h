#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "ports/datagram.h"
#include "proto/quic/application.h"
#include "proto/quic/config.h"
#include "tls/context/client_context.h"

namespace troika::quic {

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
