#pragma once
#include <ngtcp2/ngtcp2.h>

#include "proto/quic/ossl_session.h"

namespace troika::quic {

// The functions that ngtcp2 calls. The user data of the ngtcp2_conn is a ConnectionBase.
ngtcp2_callbacks make_callbacks(OsslSession::Side side);
// For ngtcp2_settings::qlog_write.
void write_qlog(void* user, std::uint32_t flags, const void* records, std::size_t size);

}  // namespace troika::quic
