#pragma once
#include <ngtcp2/ngtcp2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <expected>
#include <span>

#include "base/time.h"
#include "proto/quic/application.h"
#include "proto/quic/closing.h"
#include "proto/quic/convert.h"
#include "proto/quic/send_buffer.h"

namespace troika::quic {

// How much a server may send on a path that its client has moved to, until the path is validated
// (RFC 9000 §9.3). ngtcp2 keeps this limit itself. But when it is asked for a packet that it may
// not send, it stops its loss detection timer for good: only packets of the client that acknowledge
// something new would start it again (RFC 9002 §6.2.2.1), and as long as lost packets fill the
// congestion window, even the challenge that would validate the address is not sent. So ngtcp2 is
// asked only while it may send, and again when the validation must have failed: only when it is
// asked does it notice that and return to the previous path.
class AmplificationLimit {
 public:
  // The path of the handshake, and each path that was validated since.
  void validated(const Path& path) noexcept {
    const auto known = std::ranges::find(validated_, path);
    const auto at = known == validated_.end() ? validated_.end() - 1 : known;
    std::rotate(validated_.begin(), at, at + 1);
    validated_.front() = path;
    if (path == path_) limited_ = false;
  }
  // A packet arrived on `from`. `current` is the path that ngtcp2 uses after it has read the
  // packet; `patience` is how long its validation may take if it is a new one.
  void received(const Path& current, const Path& from, std::size_t bytes, TimePoint now,
                Duration patience) noexcept {
    use(current, now, patience);
    if (limited_ && from == path_) left_ += 3 * bytes;
  }
  bool limits() const noexcept { return limited_; }  // else sent() need not be called
  // Neither received() nor asked() need be called.
  bool rests_on(const ngtcp2_path& current) noexcept { return !limited_ && path_.is(current); }
  void sent(const Path& to, std::size_t bytes) noexcept {
    if (to == path_) left_ -= std::min<std::uint64_t>(left_, bytes);
  }
  // ngtcp2 was asked for packets. If it still uses the path, it is asked again after `again`.
  void asked(const Path& current, TimePoint now, Duration again) noexcept {
    use(current, now, again);
    if (limited_ && now >= until_) until_ = now + again;
  }
  bool exhausted(TimePoint now) const noexcept { return limited_ && left_ == 0 && now < until_; }
  // When ngtcp2 has to be asked, whatever its own timers say.
  TimePoint deadline() const noexcept { return limited_ ? until_ : kNever; }

 private:
  void use(const Path& current, TimePoint now, Duration patience) noexcept {
    if (current == path_) return;
    path_ = current;
    left_ = 0;
    limited_ = std::ranges::find(validated_, current) == validated_.end();
    until_ = now + patience;
    if (!limited_) validated(current);
  }

  Path path_;
  std::uint64_t left_ = 0;  // bytes
  bool limited_ = false;
  TimePoint until_ = kNever;
  // The latest first. ngtcp2 returns to any of the last four without validating it again.
  std::array<Path, 8> validated_{};
};

// Fills the send buffer with packets of one connection, and sends them. The arguments outlive it.
class PacketWriter {
 public:
  PacketWriter(SendBuffer& out, CloseState& close, AmplificationLimit& limit)
      : out_(out), close_(close), limit_(limit) {}

  // Writes and sends one burst of packets of equal size, as much as pacing allows at once. Returns
  // its bytes; an error is that of ngtcp2. `application` is null until it may send. ngtcp2 calls
  // `write` for each packet, which calls write_packet() of this object.
  std::expected<std::size_t, int> write_burst(ngtcp2_conn* conn, const ngtcp2_conn_info& info,
                                              QuicApplication* application, ngtcp2_write_pkt write,
                                              TimePoint now);
  ngtcp2_ssize write_packet(ngtcp2_conn* conn, ngtcp2_path* path, ngtcp2_pkt_info* info,
                            std::span<std::uint8_t> dest, ngtcp2_tstamp stamp);

  bool blocked() const noexcept { return out_.blocked(); }  // nothing may be written
  void on_received() noexcept { silent_since_ = kNever; }
  void on_new_path() noexcept { packet_limit_ = kNoLimit; }  // its MTU is unknown

 private:
  struct Burst;
  void detect_black_hole(ngtcp2_conn* conn, const ngtcp2_conn_info& info, TimePoint now);
  ngtcp2_ssize fill_packet(ngtcp2_conn* conn, ngtcp2_path* path, ngtcp2_pkt_info* info,
                           std::span<std::uint8_t> dest, ngtcp2_tstamp stamp);

  static constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);

  SendBuffer& out_;
  CloseState& close_;
  AmplificationLimit& limit_;
  Burst* burst_ = nullptr;               // being written
  TimePoint silent_since_ = kNever;      // bytes are in flight, and nothing has arrived since
  std::size_t packet_limit_ = kNoLimit;  // bytes; set when a black hole was found
};

}  // namespace troika::quic
