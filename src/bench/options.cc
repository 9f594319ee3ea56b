#include "bench/options.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "http/message/field_rules.h"
#include "tools/cli/command_line.h"
#include "tools/cli/values.h"

namespace troika::bench {
namespace {

using client::Protocol;

constexpr std::uint64_t kMostRequests = 1'000'000'000'000, kMostRate = 10'000'000;
constexpr std::size_t kMostConnections = 10'000, kMostStreams = 1'000, kMostThreads = 256;
constexpr std::size_t kLeastDatagram = 1200, kMostDatagram = 65527;  // RFC 9000 §18.2
constexpr Duration kDefaultLength = std::chrono::seconds(10);

constexpr std::string_view kExamples = R"(Examples:
  troika bench https://localhost:8443/ --insecure
  troika bench https://localhost:8443/ --http3 -c 10 -m 10 -d 30s --cacert ca.pem
  troika bench http://127.0.0.1:8080/small -c 50 -n 100000 --json
  troika bench https://localhost:8443/ -c 100 -r 2000     at a fixed rate)";

// The version of HTTP alone; with the scheme it becomes a Protocol.
enum class Version : std::uint8_t { by_scheme, http11, http2, http3 };

struct Given {
  Options options;
  Version version = Version::by_scheme;
  std::optional<Duration> length;
};

std::optional<Duration> seconds_or(std::string_view text) {
  const bool bare = !text.empty() && std::ranges::all_of(text, ascii::is_digit);
  return cli::period(bare ? std::string(text) + 's' : std::string(text));
}

// What says how the message travels is up to the connection.
bool add_field(Request& request, std::string_view text) {
  const auto parts = cli::halves(text, ':');
  if (!parts) return false;
  std::string name(parts->first);
  std::ranges::transform(name, name.begin(), ascii::lower);
  const std::string_view value = ascii::trim(parts->second);
  if (!ascii::is_token(name) || !valid_field_value(value)) return false;
  if (is_connection_field(field_name(name)) || name == "content-length" || name == "te")
    return false;
  if (name == "host") {
    request.authority = value;
    return valid_authority(value);
  }
  request.headers.add(name, value);
  return true;
}

bool set_method(Request& request, std::string_view text) {
  request.method = method_from(text);
  request.method_text = text;
  return ascii::is_token(text) && request.method != Method::connect;
}

void add_options(CLI::App& app, Given& given) {
  Options& o = given.options;
  app.add_option("URL", o.url, "What to ask for: http:// or https://")->option_text(" ");
  const auto over = [&](const char* name, Version version, const char* what) {
    app.add_flag_callback(name, [&given, version] { given.version = version; }, what);
  };
  over("--http1.1", Version::http11, "Over HTTP/1.1, as for http:// without a choice");
  over("--http2", Version::http2, "Over HTTP/2, as for https:// without a choice");
  over("--http3", Version::http3, "Over HTTP/3");
  cli::add_number(app, "-c,--connections", o.connections, 1, kMostConnections, "Connections (1)");
  cli::add_number(app, "-m,--streams", o.streams, 1, kMostStreams,
                  "Requests in flight on each connection (1)");
  cli::add_value(app, "-n,--requests", "N", "End after so many requests",
                 [&o](std::string_view text) {
                   o.plan.requests = cli::whole(text, 1, kMostRequests);
                   return o.plan.requests.has_value();
                 });
  cli::add_value(app, "-d,--duration", "10s", "End after this time (10s, without -n)",
                 [&given](std::string_view text) {
                   given.length = seconds_or(text);
                   return given.length && given.length->count() > 0;
                 });
  cli::add_value(app, "-w,--warm-up", "2s", "Before that, requests that are not counted (0s)",
                 [&o](std::string_view text) {
                   const auto time = seconds_or(text);
                   o.plan.warm_up = time.value_or(Duration::zero());
                   return time.has_value();
                 });
  cli::add_number(app, "-r,--rate", o.plan.rate, 1, kMostRate,
                  "Requests a second in all, due at even distances; latency counts from then");
  app.add_flag("--new-connection", o.new_connection, "A new connection for each request");
  cli::add_number(app, "--threads", o.threads, 1, kMostThreads,
                  "Threads, which share the connections (1)");
  cli::add_wanted(app, "-H,--header", "a field like 'name: value' that is not about the connection",
                  "A field for each request; repeatable",
                  [&o](std::string_view text) { return add_field(o.request, text); })
      ->option_text("'NAME: VALUE'");
  cli::add_wanted(app, "-X,--method", "a method like GET, but not CONNECT", "Of each request (GET)",
                  [&o](std::string_view text) { return set_method(o.request, text); })
      ->option_text("METHOD");
  cli::add_number(app, "--datagram", o.datagram_bytes, kLeastDatagram, kMostDatagram,
                  "Largest QUIC datagram that the server may send, in bytes (1472)");
  app.add_option("--cacert", o.ca_file, "CAs to trust, as PEM (those of the system)")
      ->option_text("FILE");
  app.add_flag_callback("--insecure", [&o] { o.verify = false; }, "Accept any certificate");
  app.add_flag("--i-own-this", o.any_host, "Allow a server that is not on this machine");
  app.add_flag("--json", o.json, "Report as JSON");
}

Checked<void> read_url(Given& given) {
  Options& o = given.options;
  std::string_view rest = o.url;
  const bool tls = rest.starts_with("https://");
  if (!tls && !rest.starts_with("http://")) {
    return std::unexpected("the URL begins with neither http:// nor https://");
  }
  rest.remove_prefix(tls ? 8 : 7);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  const std::string authority(rest.substr(0, path));
  const bool query_alone = path < rest.size() && rest[path] == '?';
  const auto target =
      parse_target(query_alone || path == rest.size() ? '/' + std::string(rest.substr(path))
                                                      : std::string(rest.substr(path)));
  std::string_view host = authority;
  std::uint16_t port = tls ? 443 : 80;
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
    port = static_cast<std::uint16_t>(cli::whole(host.substr(colon + 1), 1, 65535).value_or(0));
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!target || host.empty() || port == 0 || !valid_authority(authority)) {
    return std::unexpected(formatted("\"{}\" is no URL like https://localhost:8443/path", o.url));
  }
  o.server = {std::string(host), port};
  o.request.scheme = tls ? "https" : "http";
  if (o.request.authority.empty()) o.request.authority = authority;
  o.request.target.raw = target->raw;
  if (given.version == Version::by_scheme) given.version = tls ? Version::http2 : Version::http11;
  switch (given.version) {
    case Version::by_scheme:
    case Version::http11: o.protocol = tls ? Protocol::h1 : Protocol::h1_plain; break;
    case Version::http2: o.protocol = tls ? Protocol::h2 : Protocol::h2_plain; break;
    case Version::http3: o.protocol = Protocol::h3; break;
  }
  if (given.version == Version::http3 && !tls) {
    return std::unexpected("HTTP/3 is always encrypted: --http3 needs a URL with https://");
  }
  return {};
}

Checked<void> check(const Options& o) {
  const bool h1 = o.protocol == Protocol::h1 || o.protocol == Protocol::h1_plain;
  if (o.streams > 1 && h1) {
    return std::unexpected(
        "HTTP/1.1 has one request at a time on a connection: use more --connections");
  }
  if (o.streams > 1 && o.new_connection) {
    return std::unexpected(
        "with --new-connection there is one request on each: use more --connections");
  }
  if (o.threads > o.connections) {
    return std::unexpected(formatted("{} threads need as many --connections", o.threads));
  }
  if (!o.verify && !o.ca_file.empty()) {
    return std::unexpected("--insecure accepts any certificate: omit it, or --cacert");
  }
  return {};
}

}  // namespace

std::expected<Options, cli::Stop> parse_options(std::span<const std::string_view> words) {
  CLI::App app("Asks a server for a URL, as often as it can or at a rate, and measures.",
               "troika bench");
  app.usage("Usage: troika bench URL [OPTIONS]");
  app.footer(std::string(kExamples));
  Given given;
  given.options.request.method_text = "GET";
  add_options(app, given);
  if (auto parsed = cli::parse(app, words); !parsed) return std::unexpected(parsed.error());
  Options& options = given.options;
  if (options.url.empty()) {
    return std::unexpected(cli::Stop{"no URL is given: troika bench https://localhost:8443/"});
  }
  auto good = read_url(given).and_then([&] { return check(options); });
  if (!good) return std::unexpected(cli::Stop{good.error()});
  options.plan.length = given.length;
  if (!given.length && !options.plan.requests) options.plan.length = kDefaultLength;
  return std::move(options);
}

}  // namespace troika::bench
