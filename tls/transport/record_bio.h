#pragma once
#include <openssl/ssl.h>

#include <cstddef>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace troika::tls {

// The size of the next record. A record can be read only when its last byte has arrived, so at the
// start, and after a pause in which the congestion window shrinks, a record fits one TCP segment.
// Later full records cost less: each record adds 22 bytes and one AEAD call.
class RecordSize {
 public:
  static constexpr std::size_t kSmall = 1344;  // + 22 of TLS + 72 of IPv6 and TCP: below 1440
  static constexpr std::size_t kFull = 16384;  // RFC 8446 §5.1
  static constexpr std::size_t kSmallBytes = 32U << 10U;
  static constexpr Duration kIdle = std::chrono::seconds(1);

  std::size_t next(TimePoint now) noexcept {
    if (now - last_ > kIdle) small_left_ = kSmallBytes;
    last_ = now;
    return small_left_ > 0 ? kSmall : kFull;
  }
  void written(std::size_t bytes) noexcept {
    small_left_ -= bytes < small_left_ ? bytes : small_left_;
  }

 private:
  TimePoint last_{};
  std::size_t small_left_ = kSmallBytes;
};

// What OpenSSL reads from and writes to: bytes that have arrived, and a vector that grows. A write
// never blocks, and a read asks for a retry when the bytes are used up.
class RecordBio {
 public:
  explicit RecordBio(std::vector<std::byte>& output) noexcept : output_(&output) {}
  RecordBio(const RecordBio&) = delete;
  RecordBio& operator=(const RecordBio&) = delete;

  // Makes the SSL use this object, which must outlive it.
  [[nodiscard]] bool attach(SSL* ssl);

  // Ciphertext that has arrived. It is read in place until store_rest() copies what is left of it.
  void feed(std::span<const std::byte> bytes);
  void store_rest();
  bool has_input() const noexcept { return !fed_.empty() || stored_at_ < stored_.size(); }
  void drop_input() noexcept;

  void set_output(std::vector<std::byte>& output) noexcept { output_ = &output; }

 private:
  static const BIO_METHOD* method();
  // noexcept: nothing may be thrown through OpenSSL; without memory the process ends here.
  static int on_read(BIO* bio, char* into, std::size_t size, std::size_t* done) noexcept;
  static int on_write(BIO* bio, const char* bytes, std::size_t size, std::size_t* done) noexcept;
  static long on_control(BIO* bio, int command, long number, void* pointer) noexcept;

  std::size_t read(std::span<std::byte> into) noexcept;

  std::span<const std::byte> fed_;
  std::vector<std::byte> stored_;  // read before fed_
  std::size_t stored_at_ = 0;
  std::vector<std::byte>* output_;
};

// How many messages a client may send after its handshake, which are key updates for the most part:
// each costs as much as a record, and 27 bytes of the client's.
class MessageLimit {
 public:
  static constexpr std::size_t kASecond = 100, kInAll = 1000;
  static constexpr Error kExceeded{ErrorCode::limit, "too many TLS messages after the handshake"};

  // The arguments outlive it, and it the SSL.
  MessageLimit(const Clock& clock, RecordBio& input) noexcept : clock_(clock), input_(input) {}

  void watch(SSL* ssl) noexcept;  // the handshake is over
  // More came than that. OpenSSL reads until there is data, so it finds no more input.
  bool exceeded() const noexcept { return exceeded_; }

 private:
  // OpenSSL tells of each message that it reads or writes, and of record headers.
  static void on_message(int written, int version, int type, const void* bytes, std::size_t size,
                         SSL* ssl, void* self) noexcept;
  void count() noexcept;

  const Clock& clock_;
  RecordBio& input_;
  TimePoint since_;  // of those below, that came within a second
  std::size_t at_once_ = 0, in_all_ = 0;
  bool exceeded_ = false;
};

}  // namespace troika::tls
