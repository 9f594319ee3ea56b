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
#include "ports/address_range.h"

namespace troika::quic {

// Receives the qlog of one connection, which owns it: JSON text sequences (RFC 7464) of qlog 0.3.
class QlogSink {
 public:
  virtual ~QlogSink() = default;  // the log is complete
  // Whole records, each between its separator and its newline.
  virtual void write(std::span<const std::byte> records) noexcept = 0;
};

// Decides which connections of an endpoint are logged, and where.
class QlogSource {
 public:
  virtual ~QlogSource() = default;
  // Called for each first packet, which may turn out to be invalid.
  virtual bool wants(const Address& remote) = 0;
  // Called after wants(), when the first packet has proven valid. Null: there is no room after all.
  // `id` is the destination id of the client's first packet.
  virtual std::unique_ptr<QlogSink> open(std::span<const std::uint8_t> id,
                                         const Address& remote) = 0;
};

// The log of one connection. Records wait until a packet of the client has proven valid: otherwise
// any garbage would create logs, and a ClientHello whose parts arrive out of order two logs of the
// same name.
class PendingQlog {
 public:
  static constexpr std::size_t kMost = 64U << 10U;  // bytes; then there is no log

  void hold() noexcept { waiting_ = true; }
  bool waiting() const noexcept { return waiting_; }
  // Null: there is no log.
  void open(std::unique_ptr<QlogSink> sink) noexcept {
    const std::vector<std::byte> records = std::move(pending_);
    end();
    if (!sink) return;
    sink_ = std::move(sink);
    if (!records.empty()) sink_->write(records);
  }
  void write(std::span<const std::byte> records) {
    if (sink_) return sink_->write(records);
    if (!waiting_) return;
    if (pending_.size() + records.size() > kMost) return end();
    pending_.insert(pending_.end(), records.begin(), records.end());
  }
  void end() noexcept {
    waiting_ = false;
    std::vector<std::byte>().swap(pending_);
    sink_.reset();
  }

 private:
  bool waiting_ = false;
  std::vector<std::byte> pending_;
  std::unique_ptr<QlogSink> sink_;
};

}  // namespace troika::quic

namespace troika {

// Which QUIC connections are logged; by default all of them.
struct QlogFilter {
  std::uint32_t one_in = 1;  // at random: a client must not be able to choose
  std::optional<AddressRange> clients{};

  bool wants(const Address& client, Random& random) const noexcept;
};

// "1/100", "192.0.2.7", "192.0.2.0/24", "2001:db8::/32". The error says what to write instead.
Checked<QlogFilter> parse_qlog_filter(std::string_view text);

}  // namespace troika
