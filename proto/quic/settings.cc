#include "proto/quic/settings.h"

#include <ngtcp2/ngtcp2.h>

#include <algorithm>
#include <cstring>

#include "proto/quic/convert.h"

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
  // Without any a server keeps the version of the first Initial.
  if (versions.moves) {
    settings.preferred_versions = versions.versions.data();
    settings.preferred_versionslen = versions.versions.size();
  }
  return settings;
}

ngtcp2_transport_params make_params(const EndpointConfig& config, std::uint64_t uni_streams) {
  auto params = common(config.connection_window, config.stream_window, config.idle_timeout);
  params.initial_max_streams_bidi = config.streams_bidi;
  params.initial_max_streams_uni = uni_streams;
  params.active_connection_id_limit = config.connection_ids;
  return params;
}

ngtcp2_transport_params make_params(const ClientConfig& config, std::uint64_t uni_streams) {
  auto params = common(config.connection_window, config.stream_window, config.idle_timeout);
  params.initial_max_streams_uni = uni_streams;
  params.active_connection_id_limit = kClientIds;
  return params;
}

namespace {

bool is_set(const Address& address) noexcept { return address.family() != AF_UNSPEC; }

}  // namespace

bool is_to_move(const EndpointConfig& config, const Address& local) noexcept {
  if (!is_set(config.preferred_v4) && !is_set(config.preferred_v6)) return false;
  return local != config.preferred_v4 && local != config.preferred_v6;
}

void set_preferred_address(ngtcp2_transport_params& params, const EndpointConfig& config,
                           IdFactory& ids) noexcept {
  ngtcp2_preferred_addr& to = params.preferred_addr;
  if (is_set(config.preferred_v4)) {
    std::memcpy(&to.ipv4, config.preferred_v4.get(), sizeof to.ipv4);
    to.ipv4_present = 1;
  }
  if (is_set(config.preferred_v6)) {
    std::memcpy(&to.ipv6, config.preferred_v6.get(), sizeof to.ipv6);
    to.ipv6_present = 1;
  }
  to.cid = ids.make();
  std::ranges::copy(ids.token_of(to.cid).data, to.stateless_reset_token);
  params.preferred_addr_present = 1;
}

// The client's socket is bound to one address, so only that family is within its reach.
void choose_preferred_address(const ngtcp2_preferred_addr& offered, const Address& local,
                              ngtcp2_path& path) noexcept {
  const auto choose = [&path](const auto& address) {
    std::memcpy(path.remote.addr, &address, sizeof address);
    path.remote.addrlen = sizeof address;
  };
  if (local.family() == AF_INET && offered.ipv4_present != 0) choose(offered.ipv4);
  if (local.family() == AF_INET6 && offered.ipv6_present != 0) choose(offered.ipv6);
}

}  // namespace troika::quic
