#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "ports/datagram.h"
#include "proto/quic/application.h"
#include "proto/quic/config.h"
#include "proto/quic/connection_base.h"
#include "proto/quic/send_buffer.h"
#include "tls/context/client_context.h"

namespace troika::quic {

// What a client keeps of a connection for the next one to the same server.
struct Resumption {
  std::uint32_t version = 0;           // the ticket is valid for no other version (RFC 9369 §5)
  std::vector<std::byte> session;      // of TLS, with the ticket, as DER
  std::vector<std::byte> limits;       // transport parameters to begin with (RFC 9000 §7.4.1)
  std::vector<std::byte> application;  // QuicApplication::remembered()
};

std::vector<std::byte> encode(const Resumption& resumption);
// None if the bytes are not what encode() returned.
std::optional<Resumption> decode_resumption(std::span<const std::byte> bytes);

// One QUIC connection from the client side, without I/O. The arguments of make() outlive it.
class ClientConnection final : private ConnectionBase {
 public:
  enum class State { handshake, established, closed };

  static Result<std::unique_ptr<ClientConnection>> make(const ClientConfig& config,
                                                        const Address& local, const Address& remote,
                                                        const Clock& clock, Random& random,
                                                        DatagramSink& sink,
                                                        const tls::ClientContext& tls,
                                                        const ApplicationFactory& application);
  ~ClientConnection() override;

  QuicApplication& application() noexcept { return *ConnectionBase::application(); }
  State state() const noexcept;
  Error close_reason() const noexcept { return reason(); }  // when closed; `closed`: without error
  // The application can send. With early data (0-RTT) this is before the handshake is complete, and
  // an attacker can replay what is sent: what must not be done twice waits until established().
  bool ready() const noexcept { return alive() && ConnectionBase::ready(); }
  // For ClientConfig::resumption of the next connection to this server; empty: no ticket has
  // arrived. Also after the end.
  std::vector<std::byte> resumption();
  // The latest token that the server gave for the next connection (NEW_TOKEN); empty: none.
  std::span<const std::byte> token() const noexcept { return token_; }
  void receive(const Datagram& datagram, TimePoint now);
  bool flush(TimePoint now);  // true: there is more to send
  void on_writable() { out_.resend(); }
  using ConnectionBase::deadline;
  void on_deadline(TimePoint) {}  // the flush that follows does what is due
  // At once, or with the next flush if it is called from within the application.
  void close(AppError code, TimePoint now);
  // False: not possible now, as the handshake or the previous update is not confirmed (RFC 9001
  // §6.1).
  bool update_key(TimePoint now) { return !busy_ && ConnectionBase::update_key(now); }
  // Moves to another local address, which the sink sends from (RFC 9000 §9.2). False: not possible
  // now, as for update_key(), or the server forbids it.
  bool move_to(const Address& local, TimePoint now) {
    return !busy_ && ConnectionBase::move_to(local, now);
  }

 private:
  ClientConnection(const Clock& clock, Random& random, DatagramSink& sink, const Address& local,
                   const Address& remote, AppError no_error);

  Status start(const ClientConfig& config, const tls::ClientContext& tls,
               const ApplicationFactory& application, TimePoint now);
  Status begin_early(const Resumption& last);
  std::vector<std::byte> make_resumption();
  void free_session_if_ended();

  bool new_id(ngtcp2_cid& id, ngtcp2_stateless_reset_token& token) override;
  void id_retired(const ngtcp2_cid&) noexcept override {}
  void on_established() override {}
  void on_preferred_address(const ngtcp2_preferred_addr& offered, ngtcp2_path& path) override;
  void on_token(std::span<const std::byte> token) override;
  void mark_dirty() noexcept override { dirty_ = true; }
  bool start_application() override { return true; }  // start() has made it
  using ConnectionBase::close;

  BlockPool blocks_;
  SendBuffer out_;
  bool takes_preferred_address_ = false;
  bool dirty_ = false;  // since the last flush began
  bool busy_ = false;   // receive() or flush() is on the stack
  std::vector<std::byte> token_;
  std::vector<std::byte> last_resumption_;  // after the end
};

}  // namespace troika::quic
