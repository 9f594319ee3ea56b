#pragma once
#include <cstdint>

#include "ports/transport.h"
#include "proto/session/byte_session.h"

namespace troika {

enum class Pumped : std::uint8_t {
  all,     // nothing is left to send, or the transport has no room: on_writable will come
  more,    // the budget of one turn is used up
  failed,  // the connection is lost
};

// The sending half of a connection's flush, server or client: lets the session act on what it has
// recorded, then moves what it produces to the transport, at most a budget in one turn so that the
// other connections have theirs. `high` is the most that waits in `out`, in bytes.
Pumped pump(ByteSession& session, OutputQueue& out, std::size_t high, Transport& transport,
            TimePoint now);

}  // namespace troika
