#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/account.h"
#include "base/block_pool.h"
#include "base/time.h"
#include "ports/address.h"
#include "proto/quic/qlog.h"

namespace troika::quic {

// Congestion control: RFC 9438, BBR v2, RFC 9002 §7.
enum class Congestion : std::uint8_t { cubic, bbr, reno };

// Stays the same over restarts, so that old connections can be reset and tokens remain valid.
using Secret = std::array<std::byte, 32>;

// Is told of failed handshakes.
class HandshakeObserver {
 public:
  // Once for each, unless a side closed without an error. `why` is static text.
  virtual void on_handshake_failed(const Address& client, std::string_view why) noexcept = 0;

 protected:
  ~HandshakeObserver() = default;
};

// What a person may choose, with its defaults.
struct Config {
  Congestion congestion = Congestion::bbr;  // docs/congestion.md has why
  // Moves clients that begin with version 1 and offer 2 to version 2 (RFC 9368 §2.3).
  bool upgrade_version = false;
  Address preferred_v4{}, preferred_v6{};  // clients are asked to move there (RFC 9000 §9.6)
  // When places become few, the address with the most gives way (admission/places.h); a newcomer
  // for whom nobody does is dropped.
  std::size_t connections = 10000;
  std::size_t half_open = 1000;  // handshakes in flight; a quarter is for clients with a NEW_TOKEN
  // Clients without a token get a Retry when this many handshakes are in flight, counting the
  // connections of the last second that ended at their first packet. It ends below half of that.
  // 0: always.
  std::size_t retry_above = 100;
  std::uint32_t connection_ids = 7;  // active_connection_id_limit
  std::uint32_t resets_per_second = 100;
  std::uint32_t version_negotiations_per_second = 100;
  std::uint64_t key_update_packets = 1U << 22U;  // sent with one key (RFC 9001 §6.6); 2^23 for GCM
  // A client whose packets get lost tries again after 1, 3, 7 and 15 s (RFC 9002 §6.2).
  Duration handshake_timeout = std::chrono::seconds(20);
  Duration idle_timeout = std::chrono::seconds(30);
  Duration retry_token_lifetime = std::chrono::seconds(20);  // validity of a Retry token
  Duration new_token_lifetime = std::chrono::hours(24);      // and a client comes back without one
};

// With what this process, this worker and the application add.
struct EndpointConfig : Config {
  Secret secret{};  // stateless resets, tokens, table hashing
  // The name of this machine, part of the key for stateless resets: a machine with the same secret
  // must not reset connections whose packets reach it by mistake (RFC 9000 §21.11).
  std::string machine{};
  std::uint8_t worker = 0,
               workers = 1;    // the first byte of every id of ours is ≡ worker (mod workers)
  QlogSource* qlog = nullptr;  // outlives the endpoint; null: no connection is logged
  HandshakeObserver* handshakes = nullptr;  // likewise; null: nobody is told
  Account* account = nullptr;               // likewise; above those of the connections
  BlockPool* blocks = nullptr;              // likewise; null: the endpoint has its own
  // What the application allows a client; it has the defaults.
  std::uint32_t streams_bidi = 0;
  std::size_t stream_window = 0;      // bytes, when it has grown by use
  std::size_t connection_window = 0;  // likewise
  // In the beginning: until a request is read, its client has no right to more.
  std::size_t first_stream_window = 32U << 10U;
  std::size_t first_connection_window = 128U << 10U;
  // Bytes of memory that ngtcp2 may take for what it receives, above all for streams with gaps. As
  // much is added as has arrived in order, up to the connection's window. Then the connection ends.
  std::size_t receive_memory = 256U << 10U;
};

struct EndpointCounters {
  std::uint64_t accepted = 0, refused = 0, handshakes = 0, resets_sent = 0, versions_sent = 0;
  std::uint64_t forwarded = 0;  // to another worker
  std::uint64_t retries_sent = 0;
  std::uint64_t tokens_accepted = 0, tokens_refused = 0;  // refused: also unreadable ones
  std::uint64_t paths_validated = 0;                      // after the handshake
  std::uint64_t key_updates = 0;                          // begun by this side
  std::uint64_t too_costly = 0;                           // connections beyond receive_memory
  std::uint64_t early_accepted = 0, early_rejected = 0;   // connections that sent 0-RTT
  std::uint64_t datagrams_in = 0, datagrams_dropped = 0, packets_out = 0, sends = 0;

  EndpointCounters& operator+=(const EndpointCounters& more) noexcept {
    for (const auto counter :
         {&EndpointCounters::accepted, &EndpointCounters::refused, &EndpointCounters::handshakes,
          &EndpointCounters::resets_sent, &EndpointCounters::versions_sent,
          &EndpointCounters::forwarded, &EndpointCounters::retries_sent,
          &EndpointCounters::tokens_accepted, &EndpointCounters::tokens_refused,
          &EndpointCounters::paths_validated, &EndpointCounters::key_updates,
          &EndpointCounters::too_costly, &EndpointCounters::early_accepted,
          &EndpointCounters::early_rejected, &EndpointCounters::datagrams_in,
          &EndpointCounters::datagrams_dropped, &EndpointCounters::packets_out,
          &EndpointCounters::sends}) {
      this->*counter += more.*counter;
    }
    return *this;
  }
};

struct ClientConfig {
  std::string server_name;                // for SNI and the certificate check
  std::size_t stream_window = 1U << 20U;  // bytes
  // Bytes: while fewer than these are unread, what a stream may send is not held up by others.
  std::size_t connection_window = 4U << 20U;
  Duration handshake_timeout = std::chrono::seconds(10);
  Duration idle_timeout = std::chrono::seconds(30);
  std::vector<std::byte> token{};  // from an earlier connection to this server
  std::uint32_t version = 1;       // QUIC version of the first Initial; others force negotiation
  // The versions that the server may move to during the handshake (RFC 9368), with `version` among
  // them; empty: only that one.
  std::vector<std::uint32_t> versions{};
  std::size_t ack_every = 2;            // packets; RFC 9000 §13.2.2 recommends two
  bool takes_preferred_address = true;  // moves to the server's preferred address
  // The largest datagram that the server may send, in bytes of UDP payload, announced as
  // max_udp_payload_size (RFC 9000 §18.2). At least 1200; 0: whatever the path carries.
  std::size_t datagram_bytes = 0;
  // From ClientConnection::resumption(). Empty, or of another version: a full handshake.
  std::vector<std::byte> resumption{};
};

}  // namespace troika::quic
