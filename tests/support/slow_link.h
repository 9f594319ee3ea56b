#pragma once
// A connected pair of byte streams in virtual time: what one end writes, the other end reads a
// while later. Takes all that is written, up to `room` bytes that have not been read.
#include <deque>
#include <memory>
#include <string>

#include "ports/transport.h"
#include "support/memory_stream.h"
#include "support/sim_network.h"

namespace troika::sim {

using test::End;

class SlowLink {
 public:
  SlowLink(const Clock& clock, Duration one_way) : clock_(clock), one_way_(one_way) {}
  SlowLink(const SlowLink&) = delete;
  SlowLink& operator=(const SlowLink&) = delete;

  // At most one at each end; the link outlives it.
  std::unique_ptr<ByteStream> open(End end) { return std::make_unique<Stream>(*this, end); }
  std::size_t room = static_cast<std::size_t>(-1);
  // All that an end has written so far.
  const std::string& written_by(End end) const { return side(end).written; }
  // Bytes that arrive at once, of a client that has no stream.
  void inject(const std::string& bytes) {
    side(End::client).way.push_back({clock_.now(), bytes, false, false});
  }

  void inject_fin() { side(End::client).way.push_back({clock_.now(), "", true, false}); }

  TimePoint next() const {
    TimePoint next = kNever;
    for (const End to : {End::client, End::server}) {
      const auto& way = side(other(to)).way;
      if (!way.empty() && side(to).reading && side(to).observer != nullptr) {
        next = std::min(next, way.front().at);
      }
    }
    return next;
  }
  void deliver() {
    for (const End to : {End::client, End::server}) {
      auto& way = side(other(to)).way;
      while (!way.empty() && way.front().at <= clock_.now() && side(to).reading &&
             side(to).observer != nullptr) {
        const Piece piece = std::move(way.front());
        way.pop_front();
        if (!piece.bytes.empty()) {
          side(to).observer->on_bytes(std::as_bytes(std::span(piece.bytes)));
        }
        if (piece.fin && side(to).observer != nullptr) side(to).observer->on_end();
        if (piece.reset && side(to).observer != nullptr) {
          side(to).observer->on_closed({ErrorCode::closed, "reset by the peer"});
        }
        auto* const writer = side(other(to)).observer;
        if (std::exchange(side(other(to)).full, false) && writer != nullptr) writer->on_writable();
      }
    }
  }

 private:
  struct Piece {
    TimePoint at;
    std::string bytes;
    bool fin = false, reset = false;
  };
  struct Side {
    ByteStream::Observer* observer = nullptr;
    bool reading = true;
    bool full = false;  // a write found no room
    std::string written;
    std::deque<Piece> way;  // to the other end
  };

  class Stream final : public ByteStream {
   public:
    Stream(SlowLink& link, End end) : link_(link), end_(end) {}
    ~Stream() override { link_.side(end_).observer = nullptr; }
    void start(Observer& observer) override { link_.side(end_).observer = &observer; }
    void set_reading(bool on) override { link_.side(end_).reading = on; }
    Result<std::size_t> write_some(std::span<const iovec> parts) override {
      std::string bytes;
      for (const iovec& part : parts) {
        bytes.append(static_cast<const char*>(part.iov_base), part.iov_len);
      }
      const std::size_t under_way = link_.under_way(end_);
      bytes.resize(std::min(bytes.size(), link_.room - std::min(link_.room, under_way)));
      const std::size_t size = bytes.size();
      if (size == 0) {
        link_.side(end_).full = true;
        return 0;
      }
      link_.side(end_).written += bytes;
      link_.send(end_, {link_.arrival(), std::move(bytes), false, false});
      return size;
    }
    void shutdown_write() override { link_.send(end_, {link_.arrival(), "", true, false}); }
    void reset() override { link_.send(end_, {link_.arrival(), "", false, true}); }
    const Address& local() const noexcept override { return local_; }
    const Address& remote() const noexcept override { return remote_; }

   private:
    SlowLink& link_;
    End end_;
    Address local_ = Address::v4(0x7f000001, end_ == End::server ? 8443 : 50000);
    Address remote_ = Address::v4(0x7f000001, end_ == End::server ? 50000 : 8443);
  };

  TimePoint arrival() const { return clock_.now() + one_way_; }
  std::size_t under_way(End from) const {
    std::size_t bytes = 0;
    for (const Piece& piece : side(from).way) bytes += piece.bytes.size();
    return bytes;
  }
  void send(End from, Piece piece) { side(from).way.push_back(std::move(piece)); }
  Side& side(End end) { return sides_[static_cast<std::size_t>(end)]; }
  const Side& side(End end) const { return sides_[static_cast<std::size_t>(end)]; }

  const Clock& clock_;
  const Duration one_way_;
  std::array<Side, 2> sides_;
};

}  // namespace troika::sim
