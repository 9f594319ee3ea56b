#pragma once
#include "http/exchange/client_session.h"
#include "proto/session/byte_session.h"

namespace troika {

// The client side of h1 and of h2: a byte session for the transport, a client session for the user.
class ClientByteSession : public ByteSession, public ClientSession {};

}  // namespace troika
