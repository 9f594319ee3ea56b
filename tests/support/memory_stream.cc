#include "memory_stream.h"

#include <algorithm>
#include <array>
#include <utility>

namespace troika::test {

struct MemoryLink::Side {
  ByteStream::Observer* observer = nullptr;
  bool open = false;  // has a stream that lives
  bool was_open = false;
  bool reading = true;
};

struct MemoryLink::State {
  std::array<Side, 2> sides;
  std::array<Pipe, 2> pipes;
  Side& side(End end) { return sides[static_cast<std::size_t>(end)]; }
  Pipe& pipe(End from) { return pipes[static_cast<std::size_t>(from)]; }
};

class MemoryLink::Stream final : public ByteStream {
 public:
  Stream(std::shared_ptr<State> state, End end) : state_(std::move(state)), end_(end) {
    state_->side(end_).was_open = true;
  }
  ~Stream() override {
    Side& self = state_->side(end_);
    self.open = false;
    self.observer = nullptr;
    Pipe& out = state_->pipe(end_);
    if (reset_) {
      out.reset = true;
    } else {
      out.fin = true;
    }
  }
  void start(Observer& observer) override { state_->side(end_).observer = &observer; }
  void set_reading(bool on) override { state_->side(end_).reading = on; }
  Result<std::size_t> write_some(std::span<const iovec> bytes) override {
    Pipe& out = state_->pipe(end_);
    const Side& peer = state_->side(other(end_));
    if (out.fin || (peer.was_open && !peer.open)) return fail(ErrorCode::closed, "broken pipe");
    std::size_t taken = 0, offered = 0;
    for (const iovec& part : bytes) {
      offered += part.iov_len;
      const std::size_t room = out.capacity - std::min(out.capacity, out.bytes.size());
      const std::span from(static_cast<const std::byte*>(part.iov_base),
                           std::min(part.iov_len, room));
      out.bytes.insert(out.bytes.end(), from.begin(), from.end());
      if (out.tap) out.tap(from);
      taken += from.size();
    }
    out.total += taken;
    if (taken > 0) ++out.writes;
    if (taken < offered) out.writer_blocked = true;
    return taken;
  }
  void shutdown_write() override { state_->pipe(end_).fin = true; }
  void reset() override { reset_ = true; }
  const Address& local() const noexcept override { return local_; }
  const Address& remote() const noexcept override { return remote_; }

 private:
  std::shared_ptr<State> state_;
  End end_;
  bool reset_ = false;
  Address local_ = Address::v4(0x7f000001, end_ == End::server ? 8443 : 50000);
  Address remote_ = Address::v4(0x7f000001, end_ == End::server ? 50000 : 8443);
};

MemoryLink::MemoryLink() : state_(std::make_shared<State>()) {}
std::unique_ptr<ByteStream> MemoryLink::open(End end) {
  state_->side(end).open = true;
  return std::make_unique<Stream>(state_, end);
}
MemoryLink::Pipe& MemoryLink::sent_by(End end) { return state_->pipe(end); }
bool MemoryLink::reads(End end) const { return state_->side(end).reading; }
bool MemoryLink::is_open(End end) const { return state_->side(end).open; }
void MemoryLink::inject(End from, std::span<const std::byte> bytes) {
  auto& pipe = state_->pipe(from).bytes;
  pipe.insert(pipe.end(), bytes.begin(), bytes.end());
}
void MemoryLink::deliver_anyway(End to) { state_->side(to).reading = true; }
void MemoryLink::inject_fin(End from) { state_->pipe(from).fin = true; }
bool MemoryLink::pump() {
  const bool to_server = deliver(End::client);
  const bool to_client = deliver(End::server);
  return to_server || to_client;
}
bool MemoryLink::run(const std::function<bool()>& each, std::size_t turns) {
  while (turns-- > 0) {
    const bool moved = pump();
    const bool did = each && each();
    if (!moved && !did) return true;
  }
  return false;
}
bool MemoryLink::deliver(End from) {
  const std::shared_ptr<State> state = state_;  // an observer may drop the link
  Pipe& pipe = state->pipe(from);
  Side& reader = state->side(other(from));
  bool moved = false;
  if (reader.observer == nullptr) {
    // Bytes for an end that was closed: the kernel answers by a reset.
    if (reader.was_open && !reader.open && !pipe.bytes.empty()) {
      pipe.bytes.clear();
      state->pipe(other(from)).reset = true;
      moved = true;
    }
  } else if (pipe.reset) {
    pipe.bytes.clear();
    std::exchange(reader.observer, nullptr)->on_closed({ErrorCode::closed, "reset by the peer"});
    moved = true;
  } else {
    moved = deliver_bytes(pipe, reader);
  }
  return tell_writer(*state, from) || moved;
}
bool MemoryLink::deliver_bytes(Pipe& pipe, const Side& reader) {
  if (!reader.reading) return false;
  bool moved = false;
  if (!pipe.bytes.empty()) {
    const auto count = static_cast<std::ptrdiff_t>(std::min(pipe.bytes.size(), pipe.max_chunk));
    // A copy of exactly this size, so that a sanitizer sees a read past the end or a kept span.
    const std::vector<std::byte> chunk(pipe.bytes.begin(), pipe.bytes.begin() + count);
    pipe.bytes.erase(pipe.bytes.begin(), pipe.bytes.begin() + count);
    reader.observer->on_bytes(chunk);
    moved = true;
  }
  const bool at_end = pipe.bytes.empty() && pipe.fin && !pipe.reset;
  if (at_end && reader.reading && reader.observer && !std::exchange(pipe.end_told, true)) {
    reader.observer->on_end();
    moved = true;
  }
  return moved;
}
bool MemoryLink::tell_writer(State& state, End writer) {
  Pipe& pipe = state.pipe(writer);
  ByteStream::Observer* observer = state.side(writer).observer;
  if (!pipe.writer_blocked || pipe.bytes.size() >= pipe.capacity || !observer) return false;
  pipe.writer_blocked = false;
  observer->on_writable();
  return true;
}

}  // namespace troika::test
