#include "config/options.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/readers.h"
#include "config/site_values.h"
#include "config/values.h"

namespace troika {
namespace {

std::string& root(Config& config) { return serve_files(config).root; }
SiteOptions& folder(Config& config) { return serve_files(config).options; }

template <bool value, auto... Place>
Checked<void> flag(Config& config, Values) {
  at<Place...>(config) = value;
  return {};
}

template <auto... Place>
constexpr auto text = one<parse_text, Place...>;

Checked<void> read_listen(Config& config, Values values) {
  config.listen.clear();
  config.both_families = false;
  for (const std::string& written : values) {
    const auto addresses = parse_listener(written);
    if (!addresses) return std::unexpected(addresses.error());
    config.both_families |= addresses->size() > 1;
    config.listen.insert(config.listen.end(), addresses->begin(), addresses->end());
  }
  return {};
}

Checked<void> read_metrics(Config& config, Values values) {
  for (const std::string& written : values) {
    const auto addresses = parse_listener(written);
    if (!addresses) return std::unexpected(addresses.error());
    config.both_families |= addresses->size() > 1;
    config.metrics.insert(config.metrics.end(), addresses->begin(), addresses->end());
  }
  return {};
}

template <bool redirect>
Checked<void> read_plain(Config& config, Values values) {
  for (const std::string& written : values) {
    const auto addresses = parse_listener(written);
    if (!addresses) return std::unexpected(addresses.error());
    config.both_families |= addresses->size() > 1;
    for (const Address& address : *addresses) config.plain.push_back({address, redirect});
  }
  return {};
}

// --alt-svc PORT is --public-port, which is read before it, by an older name.
Checked<void> read_alt_svc(Config& config, Values values) {
  config.announce_http3 = values.front() != "off";
  if (!config.announce_http3) return {};
  const auto port = port_number(values.front());
  if (!port || *port == 0) {
    return std::unexpected(
        formatted("must be a port from 1 to 65535 or off, not \"{}\"", values.front()));
  }
  if (config.public_port && *config.public_port != *port) {
    return std::unexpected(
        formatted("{} differs from --public-port {}: they are the same option, give only one",
                  *port, *config.public_port));
  }
  config.public_port = port;
  return {};
}

// The kernel's names are the same.
Checked<void> read_congestion(Config& config, Values values) {
  const auto congestion = parse_congestion(values.front());
  if (!congestion) return std::unexpected(congestion.error());
  config.quic.congestion = *congestion;
  config.tcp_congestion = values.front();
  return {};
}

Checked<void> read_preferred(Config& config, Values values) {
  for (const std::string& written : values) {
    const auto address = parse_reachable(written);
    if (!address) return std::unexpected(address.error());
    const bool v6 = address->family() == AF_INET6;
    Address& preferred = v6 ? config.quic.preferred_v6 : config.quic.preferred_v4;
    if (preferred.family() != AF_UNSPEC) {
      return std::unexpected(formatted("accepts one address per family, but {} and {} are both {}",
                                       preferred.text(), address->text(), v6 ? "IPv6" : "IPv4"));
    }
    preferred = *address;
  }
  return {};
}

Checked<void> read_redact(Config& config, Values values) {
  for (const std::string& name : values) {
    if (redact(config.log.redact, name)) continue;
    return std::unexpected(
        formatted("must be query, client, user_agent or referer, not \"{}\"", name));
  }
  return {};
}

// The first certificate and the first key are a pair, and so on.
template <std::string tls::CertificateFiles::* file>
Checked<void> read_pairs(Config& config, Values values) {
  if (values.size() > tls::kMostCertificates) {
    return std::unexpected(
        formatted("is given {} times: the maximum is {}", values.size(), tls::kMostCertificates));
  }
  auto& pairs = config.tls.certificates;
  if (pairs.size() < values.size()) pairs.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) pairs[i].*file = values[i];
  return {};
}

Checked<void> read_client_ca(Config& config, Values values) {
  config.tls.client_ca = values.front();
  config.tls.client_auth = tls::ClientAuth::required;  // unless --client-auth says otherwise
  return {};
}

// clang-format off
using enum Option::Group;
constexpr auto many = Option::Repeat::yes;
using Tls = Config::Tls;
using Log = Config::Log;
using Quic = quic::Config;
constexpr auto kOptions = std::to_array<Option>({
    {"--root", "DIR", hidden, "", text<root>},
    {"--control", "PATH|off", hidden, "", text<&Config::control>},
    {"--metrics", "[ADDR:]PORT", hidden, "", read_metrics, many},
    {"--drain-delay", "SECONDS", hidden, "", one<parse_seconds, &Config::drain_delay>},

    {"--listing", "", files, "List folders that have no index.html",
     flag<true, folder, &SiteOptions::listing>},
    {"--spa", "", files, "Fall back to /index.html for missing pages",
     flag<true, folder, &SiteOptions::spa>},
    {"--clean-urls", "", files, "Serve about.html for /about",
     flag<true, folder, &SiteOptions::clean_urls>},
    {"--error-page", "CODE=PATH", files, "Page for 404 405 406 412 416 500 503 (repeatable)",
     each_once<parse_error_page, folder, &SiteOptions::error_pages>, many},
    {"--dotfiles", "", files, "Also serve .name and name~",
     flag<true, folder, &SiteOptions::dotfiles>},
    {"--no-compress", "", files, "Do not compress on the fly (x.br etc. still used)",
     flag<false, folder, &SiteOptions::compress>},
    {"--precoded", "", files, "Serve x.js.gz as encoded x.js if x.js is missing",
     flag<true, folder, &SiteOptions::precoded>},
    {"--type", "EXT=TYPE", files, "Media type: md=text/plain (repeatable)",
     each_once<parse_type_option, folder, &SiteOptions::types>, many},

    {"--cache", "GLOB=RULE", fields, "Cache-Control: immutable, 7d, ... (repeatable)",
     each<parse_cache_rule, folder, &SiteOptions::cache>, many},
    {"--header", "'NAME: VALUE'", fields, "Add to responses; 'GLOB=...': some (repeatable)",
     each<parse_header_option, folder, &SiteOptions::headers>, many},
    {"--cors", "ORIGIN", fields, "Allow cross-origin reads; '*': all (repeatable)",
     each<parse_cors_origin, folder, &SiteOptions::cors>, many},

    {"--listen", "[ADDR:]PORT", addresses, "TLS and QUIC (repeatable; default: loopback 8443)",
     read_listen, many},
    {"--http", "[ADDR:]PORT", addresses, "Also serve without TLS (repeatable)",
     read_plain<false>, many},
    {"--http-redirect", "[ADDR:]PORT", addresses, "Redirect to https from here (repeatable)",
     read_plain<true>, many},
    {"--public-port", "N", addresses, "Public port, if mapped to another",
     one<parse_port, &Config::public_port>},
    {"--alt-svc", "PORT|off", addresses, "off: do not announce HTTP/3", read_alt_svc},
    {"--preferred-address", "IP:PORT", addresses, "Ask HTTP/3 clients to move here",
     read_preferred, many},

    {"--cert", "FILE", certificate, "Certificate and its chain (repeatable)",
     read_pairs<&tls::CertificateFiles::cert_file>, many},
    {"--key", "FILE", certificate, "Its private key (default: a local CA's pair)",
     read_pairs<&tls::CertificateFiles::key_file>, many},
    {"--certs", "DIR", certificate, "Folder of pairs: NAME.pem and NAME-key.pem",
     text<&Config::tls, &Tls::certs_folder>},
    {"--client-ca", "FILE", certificate, "Require client certificates from these CAs",
     read_client_ca},
    {"--client-auth", "MODE", certificate, "required (default) or optional",
     one<parse_client_auth, &Config::tls, &Tls::client_auth>},

    {"--workers", "N", process, "Number of threads (default: CPU cores)",
     one<parse_workers, &Config::workers>},
    {"--user", "NAME", process, "Whom to become when started as root",
     text<&Config::user>},
    {"--memory", "SIZE", process, "For connections (default: a quarter of all)",
     one<parse_memory, &Config::memory>},
    {"--min-rate", "N|off", process, "Least bytes a second of a body (default: 240)",
     one<parse_rate, &Config::exchange_timeouts, &ExchangeTimeouts::least_rate>},
    {"--congestion", "cubic|bbr|reno", process, "Of QUIC and TCP (default: bbr, the system's)",
     read_congestion},
    {"--access-log", "FILE|-|off", process, "One line per request (default: -)",
     text<&Config::log, &Log::access>},
    {"--log-format", "NAME", process, "text (default) combined json logfmt caddy",
     one<parse_log_format, &Config::log, &Log::format>},
    {"--log-redact", "PART", hidden, "query client user_agent referer (repeatable)",
     read_redact, many},
    {"--server-log", "FILE|-", hidden, "For the operator (default: -)",
     text<&Config::log, &Log::server>},
    {"--log-level", "LEVEL", hidden, "error warn notice (default) info debug",
     one<parse_log_level, &Config::log, &Log::level>},
    {"--server-timing", "", hidden, "Responses say how long they took",
     flag<true, &Config::server_timing>},
    {"--secrets", "FILE", process, "Created if missing; clients resume after restart",
     text<&Config::tls, &Tls::secrets_file>},
    {"--no-0rtt", "", process, "Serve no request from early data",
     flag<false, &Config::tls, &Tls::early_data>},
    {"--quic-upgrade", "", process, "Move QUIC v1 clients that offer v2 to v2",
     flag<true, &Config::quic, &Quic::upgrade_version>},
    {"--keylog", "FILE", process, "Secrets to decrypt all traffic (for debugging)",
     text<&Config::log, &Log::keys>},
    {"--qlog", "DIR", process, "One qlog file per QUIC connection",
     text<&Config::log, &Log::qlog>},
    {"--qlog-only", "1/N|ADDR[/BITS]", hidden, "Only a random share, or some clients",
     one<parse_qlog_filter, &Config::log, &Log::qlog_only>},
});
// clang-format on

}  // namespace

std::span<const Option> options() noexcept { return kOptions; }

Checked<void> check_together(const Config& config) {
  const auto missing = [&](std::string tls::CertificateFiles::* file) {
    return std::ranges::count(config.tls.certificates, "", file);
  };
  const auto pairs = std::ssize(config.tls.certificates);
  const auto certs = pairs - missing(&tls::CertificateFiles::cert_file);
  const auto keys = pairs - missing(&tls::CertificateFiles::key_file);
  if (certs != keys) {
    return std::unexpected(
        formatted("--cert and --key must be given in pairs, but there are {} and {}: give both "
                  "for each certificate, or neither to use a local one",
                  certs, keys));
  }
  if (config.tls.client_auth != tls::ClientAuth::none && config.tls.client_ca.empty()) {
    return std::unexpected<std::string>(
        "--client-auth needs the CA of the clients' certificates: add --client-ca FILE");
  }
  const bool open = !std::ranges::all_of(config.plain, &Config::PlainListener::redirect);
  if (open && config.tls.client_auth == tls::ClientAuth::required) {
    return std::unexpected<std::string>(
        "--http cannot check the client certificates that --client-ca requires: leave --http out, "
        "write --http-redirect instead, or add --client-auth optional");
  }
  if (config.log.qlog_only && config.log.qlog.empty()) {
    return std::unexpected<std::string>("--qlog-only requires --qlog DIR");
  }
  return {};
}

namespace {

Checked<void> check_folder(const Option& option, const Config& config) {
  const FilesSpec* const folder = folder_of(config);
  if (!is_of_folder(option) || (folder != nullptr && !folder->root.empty())) return {};
  return std::unexpected(formatted("{0} needs a folder: troika serve DIR {0}{1}{2}", option.name,
                                   option.placeholder.empty() ? "" : " ", option.placeholder));
}

}  // namespace

bool is_of_folder(const Option& option) noexcept {
  return option.group == Option::Group::files || option.group == Option::Group::fields;
}

Checked<Config> config_of(const CommandLine& line) {
  Config config;
  if (!line.folder.empty()) serve_files(config).root = line.folder;
  for (const auto& [option, values] : line.options) {
    if (auto done = option->read(config, values); !done) {
      return std::unexpected(formatted("{}: {}", option->name, done.error()));
    }
  }
  if (auto checked = check_together(config); !checked) return std::unexpected(checked.error());
  for (const GivenOption& given : line.options) {
    if (auto checked = check_folder(*given.option, config); !checked) {
      return std::unexpected(checked.error());
    }
  }
  return config;
}

}  // namespace troika
