#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "client/fetch.h"
#include "client/race.h"
#include "tools/cli/stop.h"

namespace troika::fetch {

struct Options {
  client::Protocol protocol = client::Protocol::h3;
  client::Name server;
  std::string host;                 // the certificate must be valid for it
  std::string ca_file;              // empty: do not verify the server
  std::string out;                  // a folder for the responses: 0, 1, 2 …; empty: only count them
  std::string resume;               // a file with resumption data, read and written; empty: none
  std::string groups, ciphers;      // as in client::Client::Options
  std::vector<std::uint32_t> quic;  // QUIC versions, the one to start with first; empty: 1
  std::vector<std::string> paths;
  std::size_t parallel = 1;                           // requests at a time
  std::size_t repeat = 1;                             // how often each path is requested
  std::size_t ack_every = 2;                          // QUIC packets
  std::uint64_t key_update_each = 0, move_after = 0;  // response bytes; 0: never
  bool early = false, json = false;
  Duration limit = std::chrono::seconds(60);
};

// Without the program's name.
std::expected<Options, cli::Stop> parse_options(std::span<const std::string_view> words);

}  // namespace troika::fetch
