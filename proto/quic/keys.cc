#include "proto/quic/convert.h"
#include "proto/quic/core.h"

namespace troika::quic {

// Before the handshake is confirmed ngtcp2 takes the question for a mistake of the program.
bool Core::update_key(TimePoint now) noexcept {
  return confirmed_ && phase_ == Phase::open &&
         ngtcp2_conn_initiate_key_update(conn(), to_stamp(now)) == 0;
}

// RFC 9001 §6.6: no key is to seal too many packets. An update that has to wait for the
// confirmation of the one before (§6.5) is tried again with the next burst.
void Core::renew_key(const ngtcp2_conn_info& info, TimePoint now) noexcept {
  if (!confirmed_) {
    packets_of_old_keys_ = info.pkt_sent;
  } else if (info.pkt_sent - packets_of_old_keys_ >= packets_per_key_ && update_key(now)) {
    packets_of_old_keys_ = info.pkt_sent;
    on_key_updated();
  }
}

}  // namespace troika::quic
