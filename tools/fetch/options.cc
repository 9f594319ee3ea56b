#include "tools/fetch/options.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "tools/cli/command_line.h"
#include "tools/cli/values.h"

namespace troika::fetch {
namespace {

using client::Protocol;

constexpr std::uint64_t kMany = 1'000'000'000'000;
constexpr std::size_t kMostRequests = 10'000, kMostParallel = 1'000, kMostAckEvery = 1'000;
constexpr Duration kLongest = std::chrono::minutes(10);
constexpr std::uint32_t kQuicV1 = 1, kQuicV2 = 0x6b3343cf;  // RFC 9000 §15, RFC 9369 §3.1

bool set_server(Options& options, std::string_view text) {
  if (const auto address = Address::parse(text)) {
    options.server = {address->ip(), address->port()};
  } else {
    const std::size_t colon = std::min(text.rfind(':'), text.size());
    const auto port = cli::whole(text.substr(std::min(colon + 1, text.size())), 1, 65535);
    options.server = {std::string(text.substr(0, colon)),
                      static_cast<std::uint16_t>(port.value_or(0))};
  }
  const bool name = options.server.host.find_first_of("[]/@ ") == std::string::npos;
  return options.server.port != 0 && !options.server.host.empty() && name;
}

bool set_quic(Options& options, std::string_view text) {
  if (text == "v1") options.quic = {kQuicV1};
  if (text == "v2") options.quic = {kQuicV2};
  // The server is offered both, the second as the one to move to (RFC 9368 §2.3).
  if (text == "v1,v2") options.quic = {kQuicV1, kQuicV2};
  return text == "v1" || text == "v2" || text == "v1,v2";
}

bool set_limit(Options& options, std::string_view text) {
  const auto limit = cli::period(text);
  if (limit) options.limit = *limit;
  return limit && limit->count() > 0 && *limit <= kLongest;
}

void add_options(CLI::App& app, Options& o) {
  const auto over = [&](const char* name, Protocol protocol, const char* what) {
    app.add_flag_callback(name, [&o, protocol] { o.protocol = protocol; }, what);
  };
  over("--h3", Protocol::h3, "Over HTTP/3, as without a choice");
  over("--h2", Protocol::h2, "Over HTTP/2");
  over("--h1", Protocol::h1, "Over HTTP/1.1");
  const auto text = [&](const char* name, const char* shape, std::string& into, const char* what) {
    cli::add_value(app, name, shape, what, [&into](std::string_view value) {
      into = value;
      return !value.empty();
    });
  };
  const auto value = [&](const char* name, const char* shape,
                         bool (*set)(Options&, std::string_view), const char* what) {
    cli::add_value(app, name, shape, what, [&o, set](std::string_view v) { return set(o, v); });
  };
  value("--connect", "localhost:8443", set_server,
        "The server, by name or by address: 127.0.0.1:8443, [::1]:8443");
  text("--host", "NAME", o.host,
       "What the certificate must be for (the name of --connect; localhost for an address)");
  text("--cacert", "FILE", o.ca_file, "PEM; without it the server is not verified");
  text("--out", "FOLDER", o.out, "Keep the responses there, as 0, 1, 2 in the order of the paths");
  cli::add_number(app, "--parallel", o.parallel, 1, kMostParallel, "Requests at a time (1)");
  cli::add_number(app, "--repeat", o.repeat, 1, kMostRequests, "Requests for each path (1)");
  text("--resume", "FILE", o.resume,
       "Resume with what the last visit left there, and leave it again");
  app.add_flag("--early", o.early, "Send requests as early data (0-RTT), if the server takes it");
  value("--quic", "v1, v2 or v1,v2", set_quic,
        "Version of QUIC (v1); v1,v2 begins with 1 and lets the server choose");
  cli::add_number(app, "--ack-every", o.ack_every, 1, kMostAckEvery,
                  "Acknowledge that many QUIC packets at a time (2)");
  cli::add_number(app, "--key-update", o.key_update_each, 1, kMany,
                  "Renew the keys each time that many bytes have come");
  cli::add_number(app, "--move", o.move_after, 1, kMany,
                  "Go on from another port when that many bytes have come");
  text("--groups", "LIST", o.groups, "Of key exchange, as OpenSSL names them");
  cli::add_value(app, "--ciphers", "LIST", "Of TLS 1.3; chacha20 is TLS_CHACHA20_POLY1305_SHA256",
                 [&o](std::string_view v) {
                   o.ciphers = v == "chacha20" ? "TLS_CHACHA20_POLY1305_SHA256" : v;
                   return !v.empty();
                 });
  value("--timeout", "30s", set_limit, "For all of it, at most 10m (60s)");
  app.add_flag("--json", o.json, "Say at the end, in one line, what came and how");
  app.add_option("PATH", o.paths, "What to ask for, like /index.html");
}

Checked<void> check(const Options& options) {
  if (options.server.port == 0) return std::unexpected("--connect NAME:PORT is missing");
  if (options.paths.empty()) return std::unexpected("no path is given, like /index.html");
  for (const std::string& path : options.paths) {
    if (path.starts_with('/')) continue;
    return std::unexpected(formatted("the path '{}' does not begin with /", path));
  }
  if (options.paths.size() * options.repeat > kMostRequests) {
    return std::unexpected(formatted("these are more than {} requests", kMostRequests));
  }
  const bool quic_only = !options.quic.empty() || options.key_update_each != 0 ||
                         options.move_after != 0 || options.ack_every != Options{}.ack_every;
  if (quic_only && options.protocol != Protocol::h3) {
    return std::unexpected("--quic, --ack-every, --key-update and --move are for --h3");
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

std::expected<Options, cli::Stop> parse_options(std::span<const std::string_view> words) {
  CLI::App app("Asks a server for paths, on one connection, with the project's own client.",
               "fetch");
  Options options;
  add_options(app, options);
  if (auto parsed = cli::parse(app, words); !parsed) return std::unexpected(parsed.error());
  if (options.host.empty()) {
    options.host = cli::ip(options.server.host) ? "localhost" : options.server.host;
  }
  if (auto good = check(options); !good) return std::unexpected(cli::Stop{good.error()});
  return options;
}

}  // namespace troika::fetch
