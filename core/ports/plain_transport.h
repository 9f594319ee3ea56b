#pragma once
#include <memory>

#include "ports/byte_stream.h"
#include "ports/transport.h"

namespace troika {

// A transport without TLS.
class PlainTransport final : public Transport, private ByteStream::Observer {
 public:
  explicit PlainTransport(std::unique_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

  void start(Transport::Observer& observer) override;
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

  void on_bytes(std::span<const std::byte> bytes) override { observer_->on_bytes(bytes); }
  void on_end() override { observer_->on_end(); }
  void on_writable() override;
  void on_closed(Error why) override { observer_->on_closed(why); }

  std::unique_ptr<ByteStream> stream_;
  Transport::Observer* observer_ = nullptr;
  SecurityInfo security_;
  std::uint64_t sent_ = 0;
  bool writable_ = true;
};

}  // namespace troika
