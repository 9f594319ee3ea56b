#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/values.h"
#include "handlers/site_options.h"
#include "handlers/site_spec.h"
#include "http/exchange/services.h"
#include "http/message/limits.h"
#include "log/format.h"
#include "log/server_log.h"
#include "ports/address.h"
#include "proto/quic/config.h"
#include "proto/quic/qlog.h"
#include "tls/context/server_context.h"

namespace troika {

// Of a folder of qlog files, for the process.
struct QlogLimits {
  std::size_t files = 64;                           // open at a time, then not logged
  std::size_t waiting = 256U << 10U;                // bytes of a log that are not written yet
  std::size_t file_bytes = 64U << 20U;              // of a log in all
  std::size_t folder_bytes = 1U << 30U;             // of the files, with those of before
  Duration count_again = std::chrono::seconds(10);  // when they were too many
  Duration last_chance = std::chrono::seconds(1);   // for what is left at the end
};

// All that configuration decides, with its defaults. The command line (options.h) and
// files (config_file.h) fill it.
struct Config {
  struct PlainListener {
    Address address;
    bool redirect = false;  // 308 to https instead of serving
    bool operator==(const PlainListener&) const = default;
  };
  struct Tls {
    std::vector<tls::CertificateFiles> certificates;
    std::string certs_folder;  // more of them; no certificate at all: the local CA's
    tls::ClientAuth client_auth = tls::ClientAuth::none;
    std::string client_ca;     // a file; whose certificates clients show
    bool early_data = true;    // 0-RTT
    std::string secrets_file;  // empty: secrets that end with the process
    // TCP: what a client may send before the handshake.
    std::uint32_t early_data_bytes = tls::ServerOptions{}.early_data_bytes;
    std::size_t replay_entries = 64U << 10U;            // the process: early ClientHellos ...
    Duration replay_window = std::chrono::seconds(30);  // ... that it remembers for so long
    Duration ticket_rotation = std::chrono::hours(12);  // age of the key that seals new tickets
    Duration ticket_lifetime = std::chrono::hours(24);
    Duration look = std::chrono::seconds(1);  // between two looks at the certificates' files
  };
  struct Log {
    std::string access = "-";  // a file, "-" for standard output, or "off"
    LogFormat format = LogFormat::text;
    Redaction redact;
    std::string server = "-";  // the operator's: a file, or "-" for standard error
    LogLevel level = LogLevel::notice;
    std::string keys;  // a file for the secrets of all connections; empty: off
    std::string qlog;  // a folder; empty: off
    std::optional<QlogFilter> qlog_only;
    QlogLimits qlog_limits;
  };

  // In the order of the files. The command line fills the only route of the only site.
  std::vector<SiteSpec> sites{SiteSpec{.routes = {RouteSpec{}}}};

  // The names of its files, by the number in Written; none: it is of the command line.
  std::vector<std::string> sources;

  std::vector<Address> listen = loopback(8443);  // TLS over TCP, and QUIC on the same port
  std::vector<PlainListener> plain;
  bool both_families = true;  // some address stands for IPv4 and IPv6: the latter may be missing
  // The port that clients use when it is mapped to ours: in Alt-Svc and in redirects.
  std::optional<std::uint16_t> public_port;
  bool announce_http3 = true;
  // By the kernel's name for it; empty: as the system has it. QUIC's own is in `quic`.
  std::string tcp_congestion;
  std::size_t memory = 0;  // bytes that connections may hold; 0: a quarter of what there is
  std::string user;        // to become once the sockets are bound; empty: none
  // Where the operator's commands come in, a path; empty: nowhere.
  std::string control;
  std::vector<Address> metrics;  // where counters and health are told, without TLS; empty: nowhere
  Duration drain_delay{};        // from the wish to stop to the drain: not ready, but serving
  unsigned workers = 0;          // 0: as many as this process may use cores
  bool server_timing = false;

  Tls tls;
  Log log;
  quic::Config quic;
  SiteLimits files;  // of the process; each worker has its share
  Limits limits;
  Timeouts timeouts;
  ExchangeTimeouts exchange_timeouts;
};

// The files of the command line's only route; null: that serves the built-in page.
const FilesSpec* folder_of(const Config& config) noexcept;
// Of all routes that serve files.
std::vector<const FilesSpec*> folders_of(const Config& config);
// Makes the command line's route one of files, if it is none.
FilesSpec& serve_files(Config& config);

}  // namespace troika
