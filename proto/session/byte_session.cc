#include "proto/session/byte_session.h"

namespace troika {
namespace {
constexpr std::size_t kTurnBudget = 512U << 10U;  // bytes
}

Pumped pump(ByteSession& session, OutputQueue& out, std::size_t high, Transport& transport,
            TimePoint now) {
  std::size_t written = 0;
  for (;;) {
    // Without room for output a session still acts on what was recorded.
    const bool room = transport.write_budget() > 0;
    if (!session.produce(out, room ? high : 0, now)) return Pumped::failed;
    const std::size_t before = out.size();
    if (before == 0 || !room) break;
    if (!transport.write(out, now)) return Pumped::failed;
    const std::size_t taken = before - out.size();
    session.on_written(taken, now);
    written += taken;
    if (taken == 0) break;
    if (written >= kTurnBudget) return Pumped::more;
  }
  return transport.flush() ? Pumped::all : Pumped::failed;
}

}  // namespace troika
