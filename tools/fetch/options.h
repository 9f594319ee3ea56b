#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "client/fetch.h"
#include "ports/address.h"
#include "tools/cli/stop.h"

namespace troika::fetch {

struct Options {
  client::Protocol protocol = client::Protocol::h3;
  Address server;
  std::string host = "localhost";   // what the certificate must be for
  std::string ca_file;              // empty: the server is not verified
  std::string out;                  // a folder for the answers: 0, 1, 2 …; empty: only counted
  std::string resume;               // what to come back with, read and written; empty: nothing
  std::string groups, ciphers;      // as client::Client::Options takes them
  std::vector<std::uint32_t> quic;  // the first: of the first packet; empty: version 1
  std::vector<std::string> paths;
  std::size_t parallel = 1;                           // requests at a time
  std::size_t repeat = 1;                             // how often each path is asked for
  std::uint64_t key_update_each = 0, move_after = 0;  // bytes of answers; 0: never
  bool early = false, json = false;
  Duration limit = std::chrono::seconds(60);
};

// Without the program's name.
std::expected<Options, cli::Stop> parse_options(std::span<const std::string_view> words);

}  // namespace troika::fetch
