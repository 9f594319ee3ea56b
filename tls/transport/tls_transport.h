#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "ports/transport.h"
#include "tls/ossl.h"
#include "tls/transport/busy_connections.h"
#include "tls/transport/record_bio.h"

namespace troika::tls {

// What the TLS connections of a worker share: the records of one flush are collected for a single
// write.
class RecordScratch {
 public:
  explicit RecordScratch(const Clock& worker_clock) noexcept
      : clock(worker_clock) {}  // outlives it

  static constexpr std::size_t kCapacity = 256U << 10U;
  std::vector<std::byte> bytes;
  BusyConnections busy;
  const Clock& clock;
};

// TLS over a ByteStream, as server or client depending on the state of the SSL. The handshake and
// alerts run in on_bytes(). Records made outside write() wait for flush() or the next write().
// set_reading(true) delivers at once the input that was stored while reading was off: call it from
// the flush, as the observer may be called before it returns. A client speaks first, once the
// stream is connected; if its session allows early data, it is ready then.
std::unique_ptr<Transport> make_tls_transport(std::unique_ptr<ByteStream> stream, SslPtr ssl,
                                              RecordScratch& scratch);

// The Transport behind make_tls_transport().
//
// While reading is off, the peer's bytes stay in the RecordBio. In a callback set_reading(true)
// only sets the flag.
//
// Early data: a server is ready when the first bytes arrive, and responds during the handshake. The
// client's Finished follows the early data, so the handshake goes on reading while reading is off,
// and early data is buffered here; OpenSSL limits its size. A client is ready at once, and keeps
// what it has sent until the server has accepted it.
//
// What waits to be sent is the tail. write() fills it to kTailMax at most. Above that, which a peer
// can reach that sends key updates and reads nothing, no more input is processed.
class TlsConnection final : public Transport,
                            private ByteStream::Observer,
                            private BusyConnections::Connection {
 public:
  static constexpr std::size_t kTailMax = 128U << 10U;
  static constexpr std::size_t kEarlyMost = 16U << 10U;  // a client's early data
  static constexpr std::size_t kTailLow = 16U << 10U;    // above it write() takes nothing

  TlsConnection(std::unique_ptr<ByteStream> stream, SslPtr ssl, RecordScratch& scratch);
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;
  ~TlsConnection() override { scratch_.busy.remove(*this); }

  void start(Transport::Observer& observer) override;
  void charge_to(Account& account) override {
    memory_.emplace(account).set(kIdleMemory);
    tail_memory_.emplace(account);
  }
  bool connected() const noexcept override { return stream_->connected(); }
  void set_reading(bool on) override;
  std::size_t write_budget() const noexcept override;
  Status write(OutputQueue& queue, TimePoint now) override;
  std::size_t unsent() const noexcept override { return tail_.size(); }
  std::uint64_t sent() const noexcept override { return sent_; }
  Status flush() override;
  void shutdown_write() override;
  void reset() override {
    state_ = State::closed;
    bio_.drop_input();
    stream_->reset();
  }
  const SecurityInfo& security() const noexcept override { return security_; }
  const Address& local() const noexcept override { return stream_->local(); }
  const Address& remote() const noexcept override { return stream_->remote(); }

 private:
  // silent: the peer has sent nothing yet. early: data flows during the handshake.
  enum class State : std::uint8_t { silent, handshake, early, open, closed };

  // Receiving.
  void on_connected() override {
    observer_->on_connected();
    if (state_ != State::closed) speak_first();
  }
  void on_bytes(std::span<const std::byte> bytes) override { receive(bytes); }
  void on_end() override {
    fin_ = true;
    if (state_ != State::closed) check_fin();
  }
  void on_writable() override;
  void on_closed(Error why) override { close(why); }
  void receive(std::span<const std::byte> bytes);
  void speak_first() {
    if (!begin_early_data()) receive({});
  }
  void begin(std::span<const std::byte> bytes);
  void shake_hands();
  void finish_handshake();
  void deliver();
  bool wants_input() const noexcept;
  void check_fin();
  void steer_stream();
  void fail_with_alert();
  void close(Error why);

  // Early data.
  bool is_client() const noexcept { return SSL_is_server(ssl_.get()) == 0; }
  bool is_handshaking() const noexcept {
    return state_ == State::silent || state_ == State::handshake || state_ == State::early;
  }
  bool read_early_data();
  void take_early_data(std::span<const std::byte> bytes);
  void deliver_early_data();
  bool begin_early_data();
  bool resend_early_data(const std::string& remembered);
  int seal_record(std::span<const std::byte> piece, std::size_t& taken);

  // Sending.
  Status seal(OutputQueue& queue, std::size_t budget, TimePoint now);
  Status send_scratch();
  Result<std::size_t> offer(std::span<const std::byte> bytes);
  void count_tail() noexcept {
    if (tail_memory_) tail_memory_->set(tail_.capacity());
  }
  void use_buffers() noexcept {
    scratch_.busy.used(*this);
    if (memory_) memory_->set(kBusyMemory);
  }
  // OpenSSL refuses while part of a record has arrived, and keeps what the connection uses.
  void free_buffers() noexcept override {
    if (SSL_free_buffers(ssl_.get()) == 1 && memory_) memory_->set(kIdleMemory);
  }

  std::unique_ptr<ByteStream> stream_;
  RecordScratch& scratch_;
  std::optional<Charge> memory_, tail_memory_;  // OpenSSL's; of tail_
  std::vector<std::byte> tail_;
  std::vector<std::byte> early_received_;  // server: early data that came while reading was off
  std::vector<std::byte> early_sent_;      // client
  std::size_t early_room_ = 0;             // client: how much more may be sent early
  std::uint64_t sent_ = 0;                 // bytes of records that the stream took
  RecordBio bio_;
  MessageLimit messages_{scratch_.clock, bio_};
  SslPtr ssl_;  // after these: it goes first
  Transport::Observer* observer_ = nullptr;
  SecurityInfo security_;
  RecordSize record_size_;
  Status failure_;  // of the first write that failed: nothing is written after it
  State state_ = State::silent;
  bool reading_ = true;         // as the observer wants it
  bool stream_reading_ = true;  // as the stream was told
  bool receiving_ = false;      // receive() is on the stack
  bool input_ended_ = false;    // close_notify came
  bool fin_ = false;            // the stream ended
  bool blocked_ = false;        // the stream took less than all; on_writable will follow
  bool early_open_ = false;     // OpenSSL gives (server) or takes (client) early data
  bool shutdown_ = false;       // asked for by shutdown_write()
};

}  // namespace troika::tls
