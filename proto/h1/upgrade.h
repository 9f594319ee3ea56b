#pragma once
#include <string>
#include <string_view>

#include "base/random.h"
#include "http/message/message.h"

// The upgrade to WebSocket, which is the form of a tunnel in h1 (RFC 9110 §7.8, RFC 6455 §4).
namespace troika::h1 {

// Of Sec-WebSocket-Key: 16 bytes in base64.
std::string make_websocket_key(Random& random);
bool valid_websocket_key(std::string_view key) noexcept;
// Of Sec-WebSocket-Accept in the response to that key (RFC 6455 §4.2.2).
std::string websocket_accept(std::string_view key);

// The response that takes the tunnel, and the request that asks for one. Names are spelled as in
// RFC 6455: some implementations compare them as they are.
std::string upgrade_response_head(const ResponseHead& head, std::string_view accept);
std::string upgrade_request_head(const Request& request, std::string_view key);

}  // namespace troika::h1
