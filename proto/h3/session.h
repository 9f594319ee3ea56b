#pragma once
#include <memory>

#include "http/client_session.h"
#include "http/services.h"
#include "proto/quic/application.h"

namespace troika::h3 {

// The server side of one HTTP/3 connection. The arguments outlive the session.
std::unique_ptr<quic::QuicApplication> make_session(Services& services, quic::QuicStreams& quic);

// The client side: an application for QUIC, a client session for the user.
class ClientApplication : public quic::QuicApplication, public ClientSession {};
std::unique_ptr<ClientApplication> make_client_session(BufferPool& pool, const Limits& limits,
                                                       quic::QuicStreams& quic);

}  // namespace troika::h3
