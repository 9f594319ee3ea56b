#include "tls/context/early_data.h"

#include <array>
#include <chrono>
#include <limits>

#include "tls/tickets/replay_register.h"
#include "tls/tickets/session_tag.h"

namespace troika::tls {
namespace {

// OpenSSL asks when everything else is in order: the ticket, its age, ALPN, no HelloRetryRequest.
int early_data_counts(SSL* ssl, void* of_process) noexcept {
  auto& replays = *static_cast<ReplayRegister*>(of_process);
  if (!limits_hold(ssl)) {
    replays.count_rejected();
    return 0;
  }
  std::array<std::byte, SSL3_RANDOM_SIZE> random{};
  SSL_get_client_random(ssl, reinterpret_cast<unsigned char*>(random.data()), random.size());
  const time_t given = SSL_SESSION_get_time_ex(SSL_get_session(ssl));
  return replays.admit(random, std::chrono::system_clock::from_time_t(given)) ? 1 : 0;
}

}  // namespace

bool allow_early_data(SSL_CTX* context, Wire wire, const ServerOptions& options) {
  if (options.replays == nullptr || options.client_auth != ClientAuth::none) {
    return SSL_CTX_set_max_early_data(context, 0) == 1;
  }
  // RFC 9001 §4.6.1: in QUIC the limit is that of its flow control.
  const std::uint32_t most =
      wire == Wire::quic ? std::numeric_limits<std::uint32_t>::max() : options.early_data_bytes;
  // OpenSSL's own protection keeps every session in its context, and a ticket would be worth
  // nothing to another worker.
  SSL_CTX_set_options(context, SSL_OP_NO_ANTI_REPLAY);
  SSL_CTX_set_allow_early_data_cb(context, early_data_counts, options.replays);
  return SSL_CTX_set_max_early_data(context, most) == 1 &&
         SSL_CTX_set_recv_max_early_data(context, most) == 1;
}

}  // namespace troika::tls
