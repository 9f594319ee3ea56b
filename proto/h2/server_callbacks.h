#pragma once
#include "proto/h2/engine.h"

namespace troika::h2 {

// What nghttp2 calls for a server session; its user data is the ServerSession. Each function only
// finds the stream and records.
Callbacks make_server_callbacks();

// The data provider of all responses.
nghttp2_ssize read_response(nghttp2_session*, std::int32_t id, std::uint8_t*, std::size_t length,
                            std::uint32_t* flags, nghttp2_data_source*, void* user) noexcept;

}  // namespace troika::h2
