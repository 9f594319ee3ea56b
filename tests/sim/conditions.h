#pragma once
// The networks of the matrix: what they do to datagrams, and what happens to them on the way.
#include <span>
#include <string>
#include <string_view>

#include "support/sim_network.h"

namespace troika::test {

struct Condition {
  std::string_view name;
  sim::Link link{};  // both ways
  // From when a third of the download is there: so long nothing gets through, towards the server,
  // back, or both ways.
  Duration dark{};
  bool dark_up = true, dark_down = true;
  // At a third of the download an MTU of 1280 bytes, at two thirds one of 1250 (with the IP
  // header).
  bool shrinks = false;

  // Every datagram of the handshake and the close arrives, once it is sent.
  bool lossless() const noexcept { return link.loss == 0 && link.corrupt == 0; }
};

std::span<const Condition> conditions();

// The name of an impairment that the condition has and that has not struck; "" for none.
std::string idle_impairment(const Condition& condition, const sim::Tally& up,
                            const sim::Tally& down);

}  // namespace troika::test
