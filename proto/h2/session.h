#pragma once
#include <memory>

#include "http/exchange/observer.h"
#include "http/exchange/services.h"
#include "proto/session/byte_session.h"
#include "proto/session/client_byte_session.h"

namespace troika::h2 {

// The server side of one HTTP/2 connection. The arguments outlive the session.
std::unique_ptr<ByteSession> make_session(Services& services, const PeerInfo& peer,
                                          SessionHost& host);

// The client side; requests are multiplexed.
std::unique_ptr<ClientByteSession> make_client_session(BufferPool& pool, const Limits& limits,
                                                       SessionHost& host);

}  // namespace troika::h2
