#include "tools/link/link.h"

#include <unistd.h>
#include <uv.h>

#include <algorithm>

namespace troika::link {
namespace {

constexpr int kReadsPerWake = 64;

bool is_ipv4(std::span<const std::byte> packet) noexcept {
  return !packet.empty() && packet.front() >> 4U == std::byte{4};
}

}  // namespace

Link::Direction::Direction(Link& owner, const network::PathOptions& options, std::uint64_t seed,
                           int read_from, int write_to)
    : link(owner),
      path(options, seed, owner.loop_.clock().now()),
      from(read_from),
      to(write_to),
      poll(make_own_poll(owner.loop_, read_from, this)) {
  must(uv_poll_start(poll.get(), UV_READABLE, [](uv_poll_t* handle, int, int) noexcept {
    auto& self = *static_cast<Direction*>(handle->data);
    self.link.on_readable(self);
  }));
}

Link::Link(Loop& loop, const Options& options, int client, int server)
    : loop_(loop),
      waiting_(options.most_waiting, options.most_waiting_bytes),
      timer_(loop.timers(), [this] { send_due(); }),
      up_(*this, options.up, SeededRandom(options.seed).next(), client, server),
      down_(*this, options.down, SeededRandom(~options.seed).next(), server, client) {}

Duration Link::mean_lag() const noexcept {
  const auto sent = static_cast<Duration::rep>(up_.counts.sent + down_.counts.sent);
  return sent == 0 ? Duration() : lags_ / sent;
}

void Link::on_readable(Direction& direction) {
  const auto into = loop_.scratch();
  for (int i = 0; i < kReadsPerWake; ++i) {
    const auto size =
        uninterrupted([&] { return ::read(direction.from, into.data(), into.size()); });
    if (size <= 0) break;
    // The kernel's own IPv6 packets come when they like: the seed would not repeat a run.
    const auto packet = into.first(static_cast<std::size_t>(size));
    if (is_ipv4(packet)) take(direction, packet);
  }
  send_due();
}

void Link::take(Direction& direction, std::span<const std::byte> bytes) {
  const TimePoint now = loop_.clock().now();
  const network::Verdict verdict = direction.path.take(bytes.size(), now);
  const bool passes = verdict.dropped == network::Dropped::no;
  const std::size_t copies = verdict.duplicated ? 2 : 1;
  const bool room = !passes || waiting_.has_room(copies, copies * bytes.size());
  network::count(direction.counts, verdict, now, !room);
  if (!passes || !room) return;
  Packet packet{&direction, {bytes.begin(), bytes.end()}, false};
  if (verdict.corrupt_at) packet.bytes[*verdict.corrupt_at] ^= verdict.flip;
  if (verdict.duplicated) waiting_.add(verdict.due, Packet{&direction, packet.bytes, true});
  waiting_.add(verdict.due, std::move(packet));
}

void Link::send_due() {
  const TimePoint now = loop_.clock().now();
  while (const auto next = waiting_.take_due(now)) {
    longest_lag_ = std::max(longest_lag_, now - next->first);
    if (!next->second.copy) lags_ += now - next->first;
    send(next->second);
  }
  timer_.set(waiting_.next());
}

void Link::send(const Packet& packet) {
  Direction& direction = *packet.direction;
  const bool sent = uninterrupted([&] {
                      return ::write(direction.to, packet.bytes.data(), packet.bytes.size());
                    }) == std::ssize(packet.bytes);
  if (packet.copy) return;
  ++(sent ? direction.counts.sent : direction.counts.overflow);
  if (sent) direction.counts.sent_bytes += packet.bytes.size();
}

}  // namespace troika::link
