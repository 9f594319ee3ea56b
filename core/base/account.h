#pragma once
#include <cassert>
#include <cstddef>

namespace troika {

// Bytes of memory that are held for somebody: for a connection, and by all connections of a worker.
// What is added to an account is added to those above it as well. Used on one thread.
class Account {
 public:
  // `above` outlives this account; null: it stands alone.
  explicit Account(Account* above = nullptr) noexcept : above_(above) {}
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;
  ~Account() { assert(held_ == 0); }  // everything was given back

  void add(std::size_t bytes) noexcept {
    for (Account* each = this; each != nullptr; each = each->above_) each->held_ += bytes;
  }
  void remove(std::size_t bytes) noexcept {
    for (Account* each = this; each != nullptr; each = each->above_) each->held_ -= bytes;
  }
  std::size_t held() const noexcept { return held_; }

 private:
  Account* above_;
  std::size_t held_ = 0;
};

// What one object holds of an account; given back when it goes.
class Charge {
 public:
  explicit Charge(Account& account) noexcept : account_(account) {}
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  ~Charge() { set(0); }

  // So many bytes from now on, instead of those before.
  void set(std::size_t bytes) noexcept {
    if (bytes > bytes_) account_.add(bytes - bytes_);
    if (bytes < bytes_) account_.remove(bytes_ - bytes);
    bytes_ = bytes;
  }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  Account& account_;
  std::size_t bytes_ = 0;
};

}  // namespace troika
