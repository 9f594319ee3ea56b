#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "ports/address.h"

namespace troika::quic {

// Takes the qlog of one connection, which owns it: JSON text sequences (RFC 7464) of qlog 0.3.
class QlogSink {
 public:
  virtual ~QlogSink() = default;  // nothing more comes
  // Whole records, each with its separator before and its newline behind.
  virtual void write(std::span<const std::byte> records) noexcept = 0;
};

// Says which connections of an endpoint are logged, and where to.
class QlogSource {
 public:
  virtual ~QlogSource() = default;
  // Asked as a connection begins, of which most may turn out to be none.
  virtual bool wants(const Address& remote) = 0;
  // Of one that was wanted, once its first packet has been read; null: there is no room after all.
  // `id` is the destination id that the client made up first.
  virtual std::unique_ptr<QlogSink> open(std::span<const std::uint8_t> id,
                                         const Address& remote) = 0;
};

// The log of one connection. Its records wait until a packet of the client has been read: before,
// anybody's garbage would make logs, and a ClientHello whose parts come in another order two of the
// same name.
class PendingQlog {
 public:
  static constexpr std::size_t kMost = 64U << 10U;  // bytes; then there is no log

  void hold() noexcept { waiting_ = true; }
  bool waiting() const noexcept { return waiting_; }
  // Null: there is no log.
  void open(std::unique_ptr<QlogSink> sink) noexcept {
    const std::vector<std::byte> held = std::move(held_);
    end();
    if (!sink) return;
    sink_ = std::move(sink);
    if (!held.empty()) sink_->write(held);
  }
  void write(std::span<const std::byte> records) {
    if (sink_) return sink_->write(records);
    if (!waiting_) return;
    if (held_.size() + records.size() > kMost) return end();
    held_.insert(held_.end(), records.begin(), records.end());
  }
  void end() noexcept {
    waiting_ = false;
    std::vector<std::byte>().swap(held_);
    sink_.reset();
  }

 private:
  bool waiting_ = false;
  std::vector<std::byte> held_;
  std::unique_ptr<QlogSink> sink_;
};

}  // namespace troika::quic

namespace troika {

// All addresses that begin with the same bits.
struct AddressRange {
  Address first;  // its port says nothing
  unsigned bits = 0;

  bool contains(const Address& address) const noexcept;
};

// Which QUIC connections are logged; as it is made, all of them.
struct QlogFilter {
  std::uint32_t one_in = 1;  // by chance: a client must not be able to choose
  std::optional<AddressRange> clients{};

  bool wants(const Address& client, Random& random) const noexcept;
};

// "1/100", "192.0.2.7", "192.0.2.0/24", "2001:db8::/32". The error is one sentence.
Checked<QlogFilter> parse_qlog_filter(std::string_view text);

}  // namespace troika
