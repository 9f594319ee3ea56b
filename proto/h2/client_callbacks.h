#pragma once
#include "proto/h2/engine.h"

namespace troika::h2 {

// What nghttp2 calls for a client session; its user data is the ClientSessionImpl.
Callbacks make_client_callbacks();

}  // namespace troika::h2
