#pragma once
// A connected pair of byte streams in memory. Nothing is delivered but inside pump(), which stands
// for one turn of the loop; what is on its way is bounded like a socket's buffers.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "ports/transport.h"

namespace troika::test {

enum class End : std::uint8_t { client, server };
constexpr End other(End end) noexcept { return end == End::client ? End::server : End::client; }

// The link may go before or after its streams.
class MemoryLink {
 public:
  // What one end sends to the other. The public fields may be changed at any time.
  struct Pipe {
    std::size_t capacity = 256U << 10U;  // bytes on their way; write_some takes no more
    std::size_t max_chunk = 64U << 10U;  // bytes for one on_bytes
    std::function<void(std::span<const std::byte>)> tap;  // sees all that write_some took
    std::size_t writes = 0;                               // calls of write_some that took something
    std::size_t total = 0;                                // bytes taken
    bool fin = false, reset = false;

    std::size_t on_the_way() const noexcept { return bytes.size(); }

   private:
    friend class MemoryLink;
    std::vector<std::byte> bytes;
    bool writer_blocked = false, end_told = false;
  };

  MemoryLink();

  std::unique_ptr<ByteStream> open(End end);
  Pipe& sent_by(End end);
  bool reads(End end) const;
  bool is_open(End end) const;

  // Bytes or a FIN from an end that has no stream of its own (or behind its back).
  void inject(End from, std::span<const std::byte> bytes);
  // A stream may have bytes or a FIN under way when it is told to stop reading.
  void deliver_anyway(End to);
  void inject_fin(End from);

  // One turn: at most one on_bytes each way, then the ends and the room that came of it.
  // False when nothing happened.
  bool pump();
  // Turns until nothing happens; `each` runs after every turn (flushes, for instance) and says
  // whether it did something. False when it has not become quiet in that many turns.
  bool run(const std::function<bool()>& each = {}, std::size_t turns = 100'000);

 private:
  struct Side;
  struct State;
  class Stream;

  bool deliver(End from);
  static bool deliver_bytes(Pipe& pipe, const Side& reader);
  static bool tell_writer(State& state, End writer);

  std::shared_ptr<State> state_;
};

}  // namespace troika::test
