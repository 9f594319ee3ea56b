#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "proto/quic/qlog.h"

namespace troika::quic {

// The log of one connection. Its records wait until a packet of the client has been read: before,
// anybody's garbage would make logs, and a ClientHello whose parts come in another order two of the
// same name.
class HeldLog {
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
