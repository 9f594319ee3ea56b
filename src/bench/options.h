#pragma once
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "bench/schedule.h"
#include "client/fetch.h"
#include "client/race.h"
#include "http/message/message.h"
#include "tools/cli/stop.h"

namespace troika::bench {

struct Options {
  std::string url;
  client::Protocol protocol = client::Protocol::h2;
  client::Name server;
  Request request;
  std::size_t connections = 1, streams = 1, threads = 1;
  Plan plan;
  bool new_connection = false;
  std::size_t datagram_bytes = 1472;  // an Ethernet frame's worth over IPv4
  std::string ca_file;                // empty: those that the system trusts
  bool verify = true;
  bool any_host = false;  // --i-own-this
  bool json = false;
};

// `words`: those after "bench".
std::expected<Options, cli::Stop> parse_options(std::span<const std::string_view> words);

}  // namespace troika::bench
