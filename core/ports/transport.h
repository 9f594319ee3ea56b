#pragma once
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/account.h"
#include "base/error.h"
#include "base/output_queue.h"
#include "base/time.h"
#include "ports/address.h"

namespace troika {

// A raw, non-blocking, ordered byte stream: a TCP socket, or an in-memory pair for tests.
// All calls and callbacks happen on the worker that owns it.
class ByteStream {
 public:
  // Called from the loop only, never from inside a call to the stream. on_closed is the last call.
  // The observer must not destroy the stream inside a callback (see Deferred).
  class Observer {
   public:
    virtual void on_connected() {}  // once, first of all, if connected() was false
    virtual void on_bytes(std::span<const std::byte> bytes) = 0;  // valid during the call only
    virtual void on_end() = 0;                                    // the peer sends no more (FIN)
    virtual void on_writable() = 0;         // once, after a partial write_some
    virtual void on_closed(Error why) = 0;  // reset by the peer or failed

   protected:
    ~Observer() = default;
  };

  virtual ~ByteStream() = default;  // closes
  // Begins to read. A second call replaces the observer; it may come from inside a callback.
  virtual void start(Observer& observer) = 0;
  virtual bool connected() const noexcept { return true; }  // false: still being connected
  virtual void set_reading(bool on) = 0;
  // Writes as much as the kernel accepts at once and returns the number of bytes. If that is not
  // all of them, on_writable follows. After an error no more can be written; what the peer has sent
  // still arrives, until on_end or on_closed.
  virtual Result<std::size_t> write_some(std::span<const iovec> bytes) = 0;
  virtual void shutdown_write() = 0;  // FIN after the written bytes
  virtual void reset() = 0;           // send RST instead of FIN on destruction
  virtual const Address& local() const noexcept = 0;
  virtual const Address& remote() const noexcept = 0;
};

// What a connection's security layer has negotiated.
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
  // Server: the handshake is in progress or has failed. Received data may be a replay (RFC 8446
  // §8), and of the fields above only alpn and server_name are certain.
  bool handshaking = false;
  // QUIC, until the handshake is complete: a token proves that the peer owns its address (RFC 9000
  // §8.1). False: the address may be spoofed.
  bool address_proven = true;
};

// Carries plaintext both ways over a ByteStream: as it is (PlainTransport) or within TLS
// (tls::TlsConnection). The observer is called from the loop or from flush(), never from inside
// write().
class Transport {
 public:
  class Observer {
   public:
    virtual void on_connected() {}  // once, before on_ready(), if connected() was false
    virtual void on_ready() = 0;    // once: bytes can be sent and received
    // Once, after on_ready(), directly after it unless security().handshaking: security() is final.
    virtual void on_handshake_done() {}
    virtual void on_bytes(std::span<const std::byte> bytes) = 0;  // valid during the call only
    virtual void on_end() = 0;                                    // FIN, or close_notify in TLS
    // write_budget() rose above 0, or all is flushed, or writing has failed: flush() tells.
    virtual void on_writable() = 0;
    virtual void on_closed(Error why) = 0;  // the last call
    // TLS server: the first bytes are not TLS but plain HTTP. True: the observer has moved the
    // stream out of `stream` and used the bytes; nothing else is called, and the transport may only
    // be destroyed, after this call. False: the transport sends an alert.
    virtual bool on_plain_http(std::unique_ptr<ByteStream>& /*stream*/,
                               std::span<const std::byte> /*bytes*/) {
      return false;
    }

   protected:
    ~Observer() = default;
  };

  virtual ~Transport() = default;
  virtual void start(Observer& observer) = 0;
  // What it holds is charged to the account, which outlives it. Before start().
  virtual void charge_to(Account&) {}
  virtual bool connected() const noexcept = 0;  // as of the stream
  virtual void set_reading(bool on) = 0;
  // Plaintext bytes that write() accepts now; 0 while the peer reads too slowly.
  virtual std::size_t write_budget() const noexcept = 0;
  // Moves at most write_budget() bytes from the queue to the stream. After an error, of flush()
  // too, no more can be sent; what the peer has sent still arrives.
  virtual Status write(OutputQueue& queue, TimePoint now) = 0;
  // Bytes that the stream has not accepted yet (in TLS: also alerts, tickets, handshake).
  virtual std::size_t unsent() const noexcept = 0;
  // Bytes that the stream has accepted so far: while they grow, the peer is reading.
  virtual std::uint64_t sent() const noexcept = 0;
  // Sends its own pending bytes (handshake records, a tail); called in the connection's flush.
  virtual Status flush() = 0;
  virtual void shutdown_write() = 0;  // after the written bytes: close_notify in TLS, then FIN
  virtual void reset() = 0;
  virtual const SecurityInfo& security() const noexcept = 0;
  virtual const Address& local() const noexcept = 0;
  virtual const Address& remote() const noexcept = 0;
};

// A transport without TLS.
class PlainTransport final : public Transport, private ByteStream::Observer {
 public:
  explicit PlainTransport(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

  void start(Transport::Observer& observer) override;
  bool connected() const noexcept override { return stream_->connected(); }
  void set_reading(bool on) override { stream_->set_reading(on); }
  std::size_t write_budget() const noexcept override { return writable_ ? kBudget : 0; }
  Status write(OutputQueue& queue, TimePoint now) override;
  std::size_t unsent() const noexcept override { return 0; }
  std::uint64_t sent() const noexcept override { return sent_; }
  Status flush() override { return {}; }
  void shutdown_write() override { stream_->shutdown_write(); }
  void reset() override { stream_->reset(); }
  const SecurityInfo& security() const noexcept override { return security_; }
  const Address& local() const noexcept override { return stream_->local(); }
  const Address& remote() const noexcept override { return stream_->remote(); }

 private:
  static constexpr std::size_t kBudget = 256U << 10U;

  void on_connected() override;
  void on_bytes(std::span<const std::byte> bytes) override { observer_->on_bytes(bytes); }
  void on_end() override { observer_->on_end(); }
  void on_writable() override;
  void on_closed(Error why) override { observer_->on_closed(why); }
  void be_ready();

  std::unique_ptr<ByteStream> stream_;
  Transport::Observer* observer_ = nullptr;
  SecurityInfo security_;
  std::uint64_t sent_ = 0;
  bool writable_ = true;
};

}  // namespace troika
