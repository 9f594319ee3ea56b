#include "config/settings.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/values.h"

namespace troika {
namespace {

constexpr std::uint64_t kKiB = 1U << 10U, kMiB = 1U << 20U, kGiB = 1U << 30U;
constexpr std::uint64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute,
                        kDay = 24 * kHour;  // milliseconds

// Two that one word stands for are written by it, so that a machine without IPv6 starts again.
Texts written(std::span<const Address> addresses, bool both_families) {
  Texts texts;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const Address& address = addresses[i];
    const std::string any = formatted(":{}", address.port());
    const std::string loopback = "localhost" + any;
    std::string text = address.text();
    for (const std::string& word : {any, loopback}) {
      const auto pair = *parse_listener(word);
      if (both_families &&
          std::ranges::equal(
              pair, addresses.subspan(i).first(std::min<std::size_t>(2, addresses.size() - i)))) {
        text = word;
        ++i;
        break;
      }
    }
    texts.push_back(std::move(text));
  }
  return texts;
}

Texts write_listen(const Config& config) { return written(config.listen, config.both_families); }

template <bool redirect>
Texts write_plain(const Config& config) {
  std::vector<Address> addresses;
  for (const Config::PlainListener& plain : config.plain) {
    if (plain.redirect == redirect) addresses.push_back(plain.address);
  }
  return written(addresses, config.both_families);
}

Texts write_metrics(const Config& config) { return written(config.metrics, config.both_families); }

Texts write_port(const Config& config) {
  return config.public_port ? Texts{std::to_string(*config.public_port)} : Texts{};
}

Texts write_preferred(const Config& config) {
  Texts texts;
  for (const Address& address : {config.quic.preferred_v4, config.quic.preferred_v6}) {
    if (address.family() != AF_UNSPEC) texts.push_back(address.text());
  }
  return texts;
}

// Null: as when nothing is written, since it means another for TCP than for QUIC.
Texts write_congestion(const Config& config) {
  return config.tcp_congestion.empty() ? Texts{} : Texts{config.tcp_congestion};
}

Texts write_client_auth(const Config& config) {
  switch (config.tls.client_auth) {
    case tls::ClientAuth::none: break;
    case tls::ClientAuth::optional: return {"optional"};
    case tls::ClientAuth::required: return {"required"};
  }
  return {};
}

template <auto... Place>
Texts write_unless_zero(const Config& config) {
  return at<Place...>(config) == 0 ? Texts{} : Texts{std::to_string(at<Place...>(config))};
}

Texts write_memory(const Config& config) {
  return config.memory == 0 ? Texts{} : Texts{size_text(config.memory)};
}

Texts write_rate(const Config& config) {
  const std::uint32_t rate = config.exchange_timeouts.least_rate;
  return {rate == 0 ? "off" : std::to_string(rate)};
}

Texts write_qlog_only(const Config& config) {
  const auto& only = config.log.qlog_only;
  if (!only) return {};
  if (only->clients) return {formatted("{}/{}", only->clients->first.ip(), only->clients->bits)};
  return {formatted("1/{}", only->one_in)};
}

Texts write_format(const Config& config) { return {std::string(name_of(config.log.format))}; }

Texts write_redact(const Config& config) {
  const Redaction& redact = config.log.redact;
  Texts texts;
  for (const auto& [part, out] : {std::pair("query", redact.query),
                                  {"client", redact.client},
                                  {"user_agent", redact.user_agent},
                                  {"referer", redact.referer}}) {
    if (out) texts.emplace_back(part);
  }
  return texts;
}

Texts write_level(const Config& config) { return {std::string(name_of(config.log.level))}; }

// One folder today.
Checked<void> read_certs(Config& config, Values values) {
  if (values.size() > 1) {
    return std::unexpected<std::string>(
        "takes one folder: put the files of both into one, or name them in [[certificate]]");
  }
  config.tls.certs_folder = values.front();
  return {};
}

// The only certificate of the tree.
template <std::string tls::CertificateFiles::* file>
Texts write_pair(const Config& config) {
  return {config.tls.certificates.front().*file};
}

using enum Setting::Kind;
using Tls = Config::Tls;
using Log = Config::Log;
using Quic = quic::Config;
using Waits = ExchangeTimeouts;

constexpr auto kSettings = std::to_array<Setting>({
    {"include", paths, "[\"sites.d/*.toml\"]",
     "More files, in the order of their names. They may have `[[site]]`, `[[certificate]]` and "
     "`[[routes.NAME]]`, and no `include` of their own. Their names end in `.toml`."},
    {"listen", texts, "[\"0.0.0.0:443\", \"[::]:443\"]",
     "Where to serve: TLS over TCP, and QUIC on the same port. `\"8443\"` is loopback and "
     "`\":8443\"` all addresses, of IPv4 and IPv6.",
     nullptr, write_listen, "--listen"},
    {"http", texts, "[\"127.0.0.1:8080\"]", "Where to serve without TLS as well.", nullptr,
     write_plain<false>, "--http"},
    {"http_redirect", texts, "[\"0.0.0.0:80\", \"[::]:80\"]",
     "Where to redirect to https, with 308.", nullptr, write_plain<true>, "--http-redirect"},
    {"public_port", count, "443",
     "The port that clients use, if it is mapped to the one of `listen`.", nullptr, write_port,
     "--public-port"},
    flag_setting<&Config::server_timing>(
        "server_timing", "Whether responses say how long they took, in Server-Timing.",
        "--server-timing"),
    flag_setting<&Config::announce_http3>(
        "h3", "Whether HTTP/3 is announced to clients that come by TCP.", "--alt-svc"),
    {"certs", paths, "[\"/etc/letsencrypt/live\"]",
     "A folder of certificates and their keys: `NAME.pem` and `NAME-key.pem`, or certbot's files.",
     read_certs, write_text<&Config::tls, &Tls::certs_folder>, "--certs"},
    {"client_ca", path, "\"/etc/troika/clients.pem\"",
     "A file of CAs: clients must show a certificate of one of them.", nullptr,
     write_text<&Config::tls, &Tls::client_ca>, "--client-ca"},
    {"client_auth", text, "\"optional\"",
     "`\"required\"`, as without it, or `\"optional\"`: a client may come without a certificate.",
     nullptr, write_client_auth, "--client-auth"},
    flag_setting<&Config::tls, &Tls::early_data>(
        "early_data", "Whether safe requests are served from early data (0-RTT).", "--no-0rtt"),
    path_setting<&Config::tls, &Tls::secrets_file>(
        "secrets", "\"/var/lib/troika/secrets\"",
        "A file that is made if it is missing; with it clients resume after a restart.",
        "--secrets"),
    {"workers", count, "4", "Threads that serve: 1 to 128. By default one for each core.", nullptr,
     write_unless_zero<&Config::workers>, "--workers"},
    {"user", text, "\"www-data\"", "Whom to become when started as root.", nullptr,
     write_text<&Config::user>, "--user"},
    {"memory", size, "\"512MiB\"",
     "What all connections may hold, at least 16MiB. By default a quarter of what there is.",
     nullptr, write_memory, "--memory"},

    {"control", log, "\"/run/troika/control\"",
     "The socket for `troika reload` and `troika status`: a path, or `\"off\"`.", nullptr,
     write_text<&Config::control>, "--control"},
    time_setting<0, kDay, &Config::drain_delay>(
        "drain_delay", "\"10s\"",
        "How long the server goes on when it is told to stop, while `/ready` says that it is not.",
        "--drain-delay"),

    {"certificate.cert", path, "\"example.org.pem\"", "The certificate and its chain.", nullptr,
     write_pair<&tls::CertificateFiles::cert_file>, "--cert"},
    {"certificate.key", path, "\"example.org-key.pem\"", "Its private key.", nullptr,
     write_pair<&tls::CertificateFiles::key_file>, "--key"},

    {"log.access", log, "\"/var/log/troika/access.log\"",
     "One line for each request: a file, `\"-\"` for standard output, or `\"off\"`.", nullptr,
     write_text<&Config::log, &Log::access>, "--access-log"},
    {"log.format", text, "\"json\"",
     "How its lines are written: `\"text\"`, `\"combined\"`, `\"json\"`, `\"logfmt\"` or "
     "`\"caddy\"`.",
     nullptr, write_format, "--log-format"},
    {"log.redact", texts, "[\"query\", \"client\"]",
     "What it leaves out: `\"query\"`, `\"client\"`, `\"user_agent\"` or `\"referer\"`.", nullptr,
     write_redact, "--log-redact"},
    {"log.server", log, "\"/var/log/troika/server.log\"",
     "What the server says while it runs: a file, or `\"-\"` for standard error.", nullptr,
     write_text<&Config::log, &Log::server>, "--server-log"},
    {"log.level", text, "\"info\"",
     "How much it says: `\"error\"`, `\"warn\"`, `\"notice\"`, `\"info\"` or `\"debug\"`.", nullptr,
     write_level, "--log-level"},
    {"log.keys", path, "\"keys.log\"",
     "A file for the secrets of all connections, for debugging: who reads it can read all traffic.",
     nullptr, write_text<&Config::log, &Log::keys>, "--keylog"},
    {"log.qlog", path, "\"qlog\"", "A folder for one qlog file of each QUIC connection.", nullptr,
     write_text<&Config::log, &Log::qlog>, "--qlog"},
    {"log.qlog_only", text, "\"1/100\"",
     "Only for one in so many of them, or for the clients of an address or network.", nullptr,
     write_qlog_only, "--qlog-only"},

    {"metrics.listen", texts, "\"127.0.0.1:9464\"",
     "Where counters for Prometheus, `/live` and `/ready` are served, without TLS.", nullptr,
     write_metrics, "--metrics"},

    count_setting<16, 1'000'000, &Config::limits, &Limits::connections>(
        "limits.connections", "20000",
        "TCP connections at a time. Two thirds of the file descriptors bound it as well."),
    size_setting<4 * kKiB, kMiB, &Config::limits, &Limits::header_list_bytes>(
        "limits.header_bytes", "\"64KiB\"",
        "The fields of a request: names, values and 32 bytes for each. Beyond it: 431."),
    count_setting<16, 1000, &Config::limits, &Limits::header_count>(
        "limits.header_count", "200", "How many they may be, without Cookie. Beyond it: 431."),
    size_setting<kKiB, kMiB, &Config::limits, &Limits::trailer_bytes>(
        "limits.trailer_bytes", "\"16KiB\"", "The trailers of a request, counted as its fields."),
    count_setting<1, 1000, &Config::limits, &Limits::trailer_count>("limits.trailer_count", "64",
                                                                    "How many they may be."),
    size_setting<kKiB, 64 * kKiB, &Config::limits, &Limits::target_bytes>(
        "limits.target_bytes", "\"16KiB\"", "The target of a request. Beyond it: 414."),
    count_setting<1, 1000, &Config::limits, &Limits::concurrent_streams>(
        "limits.streams", "200", "Requests in flight on a connection of HTTP/2 or HTTP/3."),
    size_setting<kMiB, kGiB, &Config::limits, &Limits::connection_memory>(
        "limits.connection_memory", "\"8MiB\"",
        "What a connection may hold when a request begins. Beyond it the request is refused or "
        "waits."),
    size_setting<64 * kKiB, kGiB, &Config::limits, &Limits::discarded_body>(
        "limits.discarded_body", "\"1MiB\"",
        "What is read of a request body that nobody wants, before the client is told to stop."),
    {"limits.min_rate", count_off, "240",
     "Bytes a second of a body, either way, in the long run; `\"off\"`: any byte is progress.",
     nullptr, write_rate, "--min-rate"},
    size_setting<kMiB, 64 * kGiB, &Config::files, &SiteLimits::cache_bytes>(
        "limits.cache_bytes", "\"256MiB\"", "Small files and compressed ones in memory."),
    count_setting<8, 1'000'000, &Config::files, &SiteLimits::cache_files>(
        "limits.cache_files", "2000", "Files that are kept open, of each worker."),

    time_setting<kSecond, 5 * kMinute, &Config::timeouts, &Timeouts::handshake>(
        "timeouts.handshake", "\"20s\"", "A handshake of TLS over TCP."),
    time_setting<kSecond, 5 * kMinute, &Config::timeouts, &Timeouts::header_block>(
        "timeouts.header", "\"20s\"", "The head of a request, from its first byte to its last."),
    time_setting<kSecond, kHour, &Config::exchange_timeouts, &Waits::body_progress>(
        "timeouts.body", "\"60s\"", "A request body that does not move at the least rate."),
    time_setting<kSecond, kDay, &Config::exchange_timeouts, &Waits::handler>(
        "timeouts.response", "\"60s\"", "A response that does not begin."),
    time_setting<kSecond, kHour, &Config::exchange_timeouts, &Waits::write_progress>(
        "timeouts.write", "\"30s\"", "A response that the client does not take at the least rate."),
    time_setting<kSecond, kDay, &Config::timeouts, &Timeouts::idle_tcp>(
        "timeouts.idle", "\"60s\"", "A connection without a request."),
    time_setting<kSecond, 7 * kDay, &Config::exchange_timeouts, &Waits::tunnel_idle>(
        "timeouts.tunnel_idle", "\"10m\"", "A tunnel (WebSocket) without a byte either way."),
    time_setting<100, kMinute, &Config::timeouts, &Timeouts::linger>(
        "timeouts.linger", "\"5s\"", "Reading on after the last response, so that it arrives."),
    time_setting<kSecond, kDay, &Config::timeouts, &Timeouts::drain>(
        "timeouts.drain", "\"5m\"", "Requests in flight when the server is told to stop."),

    {"quic.congestion", text, "\"cubic\"",
     "`\"cubic\"`, `\"bbr\"` or `\"reno\"`, for TCP as well. By default bbr, and the system's for "
     "TCP.",
     nullptr, write_congestion, "--congestion"},
    flag_setting<&Config::quic, &Quic::upgrade_version>(
        "quic.upgrade", "Whether clients that begin with version 1 and offer 2 are moved to 2.",
        "--quic-upgrade"),
    {"quic.preferred_address", texts, "[\"192.0.2.7:443\"]",
     "Where HTTP/3 clients are asked to move, one address of each family.", nullptr,
     write_preferred, "--preferred-address"},
    count_setting<16, 1'000'000, &Config::quic, &Quic::connections>("quic.connections", "20000",
                                                                    "QUIC connections at a time."),
    count_setting<16, 100'000, &Config::quic, &Quic::half_open>(
        "quic.half_open", "2000", "Handshakes in flight, a quarter of them for known clients."),
    count_setting<16, 100'000, &Config::quic, &Quic::retry_above>(
        "quic.retry_above", "500",
        "Handshakes in flight from which on new clients must prove their address (Retry)."),
    time_setting<kSecond, 5 * kMinute, &Config::quic, &Quic::handshake_timeout>(
        "quic.handshake", "\"30s\"", "A handshake of QUIC."),
    time_setting<kSecond, 10 * kMinute, &Config::quic, &Quic::idle_timeout>(
        "quic.idle", "\"60s\"", "A QUIC connection without a packet."),
});

constexpr std::string_view kOrigins =
    "this version has no origins yet: it serves files, redirects and texts";
constexpr std::string_view kNotYet = "this version does not have it yet: leave it out";

constexpr auto kLater = std::to_array<LaterSetting>({
    {"origin", kOrigins},
    {"site.auth", kOrigins},
    {"site.route.proxy", kOrigins},
    {"site.route.missing", kOrigins},
    {"site.route.request", kOrigins},
    {"site.route.response", kOrigins},
    {"site.route.add_prefix", kOrigins},
    {"site.route.max_body", kOrigins},
    {"site.route.timeouts", kOrigins},
    {"site.route.tunnel_idle", kOrigins},
    {"site.route.underscores", kOrigins},
    {"site.route.auth", kOrigins},
    {"proxy_protocol", kNotYet},
    {"site.client_ca", kNotYet},
    {"trusted_proxies", kNotYet},
});

}  // namespace

std::span<const Setting> process_settings() noexcept { return kSettings; }
std::span<const LaterSetting> later_settings() noexcept { return kLater; }

}  // namespace troika
