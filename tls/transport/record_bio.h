#pragma once
#include <openssl/ssl.h>

#include <cstddef>
#include <span>
#include <vector>

namespace troika::tls {

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
