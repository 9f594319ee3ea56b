#pragma once
#include <memory>

#include "http/exchange/client_session.h"
#include "http/exchange/services.h"
#include "proto/quic/application.h"

namespace troika::h3 {

// The server side of one HTTP/3 connection. The arguments outlive the session.
std::unique_ptr<quic::QuicApplication> make_session(Services& services, quic::QuicStreams& quic);

// Of the settings that a server with these limits announces and a client remembers for early data
// (RFC 9114 §7.2.4.2): the same for as long as they are.
std::uint64_t settings_tag(const Limits& limits) noexcept;

// The client side: an application for QUIC, a client session for the user.
class ClientApplication : public quic::QuicApplication, public troika::ClientSession {};
std::unique_ptr<ClientApplication> make_client_session(BufferPool& pool, const Limits& limits,
                                                       quic::QuicStreams& quic);

}  // namespace troika::h3
