#include "proto/quic/convert.h"

#include <algorithm>

namespace troika::quic {

std::string library_version() { return std::string("ngtcp2 ") + ngtcp2_version(0)->version_str; }

namespace {

constexpr std::uint64_t kClientIds = 7;

ngtcp2_cc_algo algorithm(Congestion congestion) noexcept {
  switch (congestion) {
    case Congestion::reno: return NGTCP2_CC_ALGO_RENO;
    case Congestion::bbr: return NGTCP2_CC_ALGO_BBR;
    case Congestion::cubic: break;
  }
  return NGTCP2_CC_ALGO_CUBIC;
}

ngtcp2_transport_params common(std::size_t connection_window, std::size_t stream_window,
                               Duration idle_timeout) {
  ngtcp2_transport_params params;
  ngtcp2_transport_params_default(&params);
  params.initial_max_data = connection_window;
  params.initial_max_stream_data_bidi_local = stream_window;
  params.initial_max_stream_data_bidi_remote = stream_window;
  params.initial_max_stream_data_uni = stream_window;
  params.max_idle_timeout = to_duration(idle_timeout);
  params.grease_quic_bit = 1;  // RFC 9287
  return params;
}

}  // namespace

ngtcp2_settings make_settings(TimePoint now, Duration handshake_timeout, Random& random,
                              Congestion congestion, const Versions& versions) {
  ngtcp2_settings settings;
  ngtcp2_settings_default(&settings);
  settings.initial_ts = to_stamp(now);
  settings.handshake_timeout = to_duration(handshake_timeout);
  settings.cc_algo = algorithm(congestion);
  settings.max_tx_udp_payload_size = NGTCP2_MAX_PMTUD_UDP_PAYLOAD_SIZE;
  settings.rand_ctx.native_handle = &random;
  settings.available_versions = versions.versions.data();
  settings.available_versionslen = versions.versions.size();
  // Without preferred versions a server stays with the version of the first Initial.
  if (versions.moves) {
    settings.preferred_versions = versions.versions.data();
    settings.preferred_versionslen = versions.versions.size();
  }
  return settings;
}

ngtcp2_transport_params make_params(const EndpointConfig& config, std::uint64_t uni_streams) {
  auto params =
      common(std::min(config.connection_window, config.first_connection_window),
             std::min(config.stream_window, config.first_stream_window), config.idle_timeout);
  params.initial_max_streams_bidi = config.streams_bidi;
  params.initial_max_streams_uni = uni_streams;
  params.active_connection_id_limit = config.connection_ids;
  return params;
}

ngtcp2_transport_params make_params(const ClientConfig& config, std::uint64_t uni_streams) {
  // ngtcp2 announces what was read only when it is half of the window.
  auto params = common(2 * config.connection_window, config.stream_window, config.idle_timeout);
  params.initial_max_streams_uni = uni_streams;
  params.active_connection_id_limit = kClientIds;
  if (config.datagram_bytes != 0) params.max_udp_payload_size = config.datagram_bytes;
  return params;
}

}  // namespace troika::quic
