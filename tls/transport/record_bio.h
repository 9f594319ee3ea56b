#pragma once
#include <openssl/ssl.h>

#include <cstddef>
#include <span>
#include <vector>

#include "base/time.h"

namespace troika::tls {

// How much plaintext goes into the next record. A record can be read only once it is there to its
// last byte, so at the start, and after a pause that let the congestion window shrink, a record
// fits one TCP segment. Afterwards full records cost less: 22 bytes and one AEAD call for each.
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

// What OpenSSL reads from and writes to: never a socket, only bytes that are there already and
// vectors that grow. So a write never blocks, and a read says "later" when the bytes are used up.
class RecordBio {
 public:
  explicit RecordBio(std::vector<std::byte>& output) noexcept : output_(&output) {}
  RecordBio(const RecordBio&) = delete;
  RecordBio& operator=(const RecordBio&) = delete;

  // Makes the SSL use this object, which must outlive it.
  [[nodiscard]] bool attach(SSL* ssl);

  // Ciphertext that came. `bytes` are read in place until keep() copies what is left of them.
  void feed(std::span<const std::byte> bytes);
  void keep();
  bool has_input() const noexcept { return !fed_.empty() || kept_at_ < kept_.size(); }
  void drop_input() noexcept;

  void set_output(std::vector<std::byte>& output) noexcept { output_ = &output; }

 private:
  static const BIO_METHOD* method();
  // noexcept: without memory the process ends here, and nothing is thrown through OpenSSL.
  static int on_read(BIO* bio, char* into, std::size_t size, std::size_t* done) noexcept;
  static int on_write(BIO* bio, const char* bytes, std::size_t size, std::size_t* done) noexcept;
  static long on_control(BIO* bio, int command, long number, void* pointer) noexcept;

  std::size_t read(std::span<std::byte> into) noexcept;

  std::span<const std::byte> fed_;
  std::vector<std::byte> kept_;  // comes before what is fed
  std::size_t kept_at_ = 0;
  std::vector<std::byte>* output_;
};

}  // namespace troika::tls
