#include "tools/fetch/options.h"

#include <algorithm>
#include <array>
#include <format>
#include <optional>

#include "tools/relay/values.h"

namespace troika::fetch {
namespace {

using client::Protocol;
using relay::period;
using relay::whole;
using Text = std::string_view;

constexpr std::uint64_t kMany = 1'000'000'000'000;
constexpr std::size_t kMostRequests = 10'000, kMostParallel = 1'000;
constexpr Duration kLongest = std::chrono::minutes(10);
constexpr std::uint32_t kQuicV1 = 1, kQuicV2 = 0x6b3343cf;  // RFC 9000 §15, RFC 9369 §3.1

struct Flag {
  Text name;
  void (*set)(Options&);
};
constexpr std::array<Flag, 7> kFlags{{
    {"--h1", [](Options& o) { o.protocol = Protocol::h1; }},
    {"--h2", [](Options& o) { o.protocol = Protocol::h2; }},
    {"--h3", [](Options& o) { o.protocol = Protocol::h3; }},
    {"--early", [](Options& o) { o.early = true; }},
    {"--json", [](Options& o) { o.json = true; }},
    {"--help", [](Options& o) { o.help = true; }},
    {"-h", [](Options& o) { o.help = true; }},
}};

struct Setting {
  Text name, shape;
  bool (*set)(Options&, Text);
};

template <class T, class Value>
bool put(T& into, const std::optional<Value>& value) {
  if (value) into = static_cast<T>(*value);
  return value.has_value();
}

bool put_text(std::string& into, Text text) {
  into = text;
  return !text.empty();
}

bool put_server(Options& options, Text text) {
  const auto parsed = Address::parse(text);
  if (parsed) options.server = *parsed;
  return parsed && parsed->port() != 0;
}

bool put_quic(Options& options, Text text) {
  if (text == "v1") options.quic = {kQuicV1};
  if (text == "v2") options.quic = {kQuicV2};
  // The server is offered both, the second as the one to move to (RFC 9368 §2.3).
  if (text == "v1,v2") options.quic = {kQuicV1, kQuicV2};
  return !options.quic.empty();
}

bool put_limit(Options& options, Text text) {
  const auto limit = period(text);
  if (limit) options.limit = *limit;
  return limit && limit->count() > 0 && *limit <= kLongest;
}

constexpr std::array<Setting, 13> kSettings{{
    {"--connect", "127.0.0.1:8443", put_server},
    {"--host", "localhost", [](Options& o, Text t) { return put_text(o.host, t); }},
    {"--cacert", "ca.pem", [](Options& o, Text t) { return put_text(o.ca_file, t); }},
    {"--out", "FOLDER", [](Options& o, Text t) { return put_text(o.out, t); }},
    {"--resume", "FILE", [](Options& o, Text t) { return put_text(o.resume, t); }},
    {"--groups", "X25519", [](Options& o, Text t) { return put_text(o.groups, t); }},
    {"--ciphers", "chacha20",
     [](Options& o, Text t) {
       return put_text(o.ciphers, t == "chacha20" ? "TLS_CHACHA20_POLY1305_SHA256" : t);
     }},
    {"--quic", "v1, v2 or v1,v2", put_quic},
    {"--parallel", "10",
     [](Options& o, Text t) { return put(o.parallel, whole(t, 1, kMostParallel)); }},
    {"--repeat", "10",
     [](Options& o, Text t) { return put(o.repeat, whole(t, 1, kMostRequests)); }},
    {"--key-update", "100000",
     [](Options& o, Text t) { return put(o.key_update_each, whole(t, 1, kMany)); }},
    {"--move", "100000", [](Options& o, Text t) { return put(o.move_after, whole(t, 1, kMany)); }},
    {"--timeout", "30s", put_limit},
}};

Checked<void> check(const Options& options) {
  if (options.server.port() == 0) return std::unexpected("--connect ADDR:PORT is missing");
  if (options.paths.empty()) return std::unexpected("no path is given, like /index.html");
  if (options.paths.size() * options.repeat > kMostRequests) {
    return std::unexpected(std::format("these are more than {} requests", kMostRequests));
  }
  const bool quic_only =
      !options.quic.empty() || options.key_update_each != 0 || options.move_after != 0;
  if (quic_only && options.protocol != Protocol::h3) {
    return std::unexpected("--quic, --key-update and --move are for --h3");
  }
  if (options.protocol == Protocol::h1 && options.parallel != 1) {
    return std::unexpected(
        "HTTP/1.1 has one request at a time on a connection: --parallel is too many");
  }
  if (options.early && options.resume.empty()) {
    return std::unexpected("--early needs --resume FILE, of an earlier visit");
  }
  return {};
}

}  // namespace

std::string_view usage() noexcept {
  return R"(fetch --connect ADDR:PORT [options] PATH...
Asks a server for paths, on one connection, with the project's own client.
  --h3 | --h2 | --h1     the protocol (h3)
  --host NAME            what the certificate must be for (localhost)
  --cacert FILE          PEM; without it the server is not verified
  --out FOLDER           keep the answers there, as 0, 1, 2 in the order of the paths
  --parallel N           requests at a time (1)
  --repeat N             ask N times for each path (1)
  --resume FILE          come back with what the last visit left there, and leave it there again
  --early                send the requests within early data (0-RTT), if the server takes it
  --quic v1|v2|v1,v2     version of QUIC; v1,v2 begins with 1 and lets the server choose (v1)
  --key-update BYTES     renew the keys each time that much has come
  --move BYTES           go on from another port when that much has come
  --groups LIST          of key exchange, as OpenSSL names them
  --ciphers LIST         of TLS 1.3; chacha20 is short for TLS_CHACHA20_POLY1305_SHA256
  --timeout TIME         for all of it (60s)
  --json                 say at the end, in one line, what came and how
)";
}

Checked<Options> parse_options(std::span<const std::string_view> words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Text word = words[i];
    if (!word.starts_with('-')) {
      if (!word.starts_with('/')) {
        return std::unexpected(std::format("the path '{}' does not begin with /", word));
      }
      options.paths.emplace_back(word);
      continue;
    }
    const auto* const flag = std::ranges::find(kFlags, word, &Flag::name);
    if (flag != kFlags.end()) {
      flag->set(options);
      if (options.help) return options;
      continue;
    }
    const auto* const setting = std::ranges::find(kSettings, word, &Setting::name);
    if (setting == kSettings.end()) {
      return std::unexpected(std::format("there is no option {}; see --help", word));
    }
    ++i;
    if (i == words.size() || !setting->set(options, words[i])) {
      return std::unexpected(std::format("{} needs a value like {}", word, setting->shape));
    }
  }
  if (const auto checked = check(options); !checked) return std::unexpected(checked.error());
  return options;
}

}  // namespace troika::fetch
