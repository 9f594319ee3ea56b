#pragma once
#include <memory>

#include "http/exchange/call.h"
#include "http/exchange/services.h"
#include "proto/quic/application.h"

namespace troika::h3 {

// The server side of one HTTP/3 connection. The arguments outlive the session.
std::unique_ptr<quic::QuicApplication> make_session(Services& services, quic::QuicStreams& quic);

inline constexpr quic::AppError kNoError = 0x100;  // H3_NO_ERROR (RFC 9114 §8.1)

// What QUIC and TLS have to know of HTTP/3. Its settings_tag stands for the SETTINGS that a server
// with these limits sends and a client remembers for early data (RFC 9114 §7.2.4.2, RFC 9220 §3).
quic::ApplicationTraits traits(const Limits& limits, bool takes_tunnels = false);

// The client side: an application for QUIC, a client session for the user.
class ClientApplication : public quic::QuicApplication, public troika::ClientSession {
 public:
  bool idle() const noexcept override = 0;  // of both
};
// The arguments outlive the session. QUIC's windows for it are Limits::call_window a stream, and
// for the connection as many of them as Limits::concurrent_streams.
std::unique_ptr<ClientApplication> make_client_session(const CallServices& services,
                                                       quic::QuicStreams& quic);

}  // namespace troika::h3
