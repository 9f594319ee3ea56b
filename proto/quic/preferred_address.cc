#include "proto/quic/preferred_address.h"

#include <algorithm>
#include <cstring>

namespace troika::quic {
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
