#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/output_queue.h"
#include "base/result.h"
#include "ports/address.h"
#include "ports/byte_stream.h"

namespace troika {

// What a connection's security layer has agreed on.
struct SecurityInfo {
  bool encrypted = false;
  std::string alpn;         // "h2", "http/1.1", "h3" or empty
  std::string server_name;  // SNI, empty if none was sent
  std::string version;      // "TLSv1.3"
  std::string cipher, group;
  std::string client_name;        // subject of the client's verified certificate; empty: none
  std::uint8_t quic_version = 0;  // 1 or 2; 0: TCP
  bool resumed = false;
  bool early_data = false;  // the client sent early data, and it was accepted (0-RTT)
  // Server: the handshake has begun and still goes on, or it failed. What comes now may be a replay
  // (RFC 8446 §8), and of the above only alpn and server_name are certain.
  bool handshaking = false;
  // QUIC, until the handshake is complete: a token shows that the peer is at its address (RFC 9000
  // §8.1). False: it may be an address that somebody else has written into the packets.
  bool address_proven = true;
};

// Plaintext both ways over a ByteStream: as it is (PlainTransport) or within TLS (TlsTransport).
// The observer's calls come from the loop or from flush(), never from inside write().
class Transport {
 public:
  class Observer {
   public:
    virtual void on_ready() = 0;  // once: bytes can go both ways
    // Once, after on_ready(), and at once unless security().handshaking: security() is final.
    virtual void on_handshake_done() {}
    virtual void on_bytes(std::span<const std::byte> bytes) = 0;  // valid during the call only
    virtual void on_end() = 0;                                    // FIN, or close_notify in TLS
    virtual void on_writable() = 0;         // write_budget() rose above 0, or all is flushed
    virtual void on_closed(Error why) = 0;  // nothing more is called
    // TLS server: the first bytes are no TLS, but the beginning of plain HTTP. True: the observer
    // has taken the stream out of `stream`, and the bytes; nothing more is called, and the
    // transport may only be destroyed, but not yet. False: they are answered by an alert.
    virtual bool on_plain_http(std::unique_ptr<ByteStream>& /*stream*/,
                               std::span<const std::byte> /*bytes*/) {
      return false;
    }

   protected:
    ~Observer() = default;
  };

  virtual ~Transport() = default;
  virtual void start(Observer& observer) = 0;
  virtual void set_reading(bool on) = 0;
  // Bytes of plaintext that write() would take now; 0 while the peer reads too slowly.
  virtual std::size_t write_budget() const noexcept = 0;
  // Takes at most write_budget() bytes from the queue and hands them to the stream.
  virtual Status write(OutputQueue& queue, TimePoint now) = 0;
  // Bytes that the stream has not taken yet (in TLS: also alerts, tickets, handshake).
  virtual std::size_t unsent() const noexcept = 0;
  // Bytes that the stream has taken so far: while they grow, the peer is reading.
  virtual std::uint64_t sent() const noexcept = 0;
  // Sends what of its own is waiting (handshake records, a tail); called in the connection's flush.
  virtual Status flush() = 0;
  virtual void shutdown_write() = 0;  // after all that was written: close_notify in TLS, then FIN
  virtual void reset() = 0;
  virtual const SecurityInfo& security() const noexcept = 0;
  virtual const Address& local() const noexcept = 0;
  virtual const Address& remote() const noexcept = 0;
};

}  // namespace troika
