#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/values.h"
#include "handlers/site_options.h"
#include "ports/address.h"
#include "proto/quic/config.h"
#include "proto/quic/qlog.h"
#include "tls/context/server_context.h"

namespace troika {

// All that configuration decides, with its defaults. The command line fills it (options.h).
struct Config {
  struct PlainListener {
    Address address;
    bool redirect = false;  // 308 to https instead of serving
  };
  struct Tls {
    std::vector<tls::CertificateFiles> certificates;
    std::string certs_folder;  // more of them; no certificate at all: the local CA's
    tls::ClientAuth client_auth = tls::ClientAuth::none;
    std::string client_ca;     // a file; whose certificates clients show
    bool early_data = true;    // 0-RTT
    std::string secrets_file;  // empty: secrets that end with the process
  };
  struct Log {
    std::string access = "-";  // a file, "-" for standard output, or "off"
    std::string keys;          // a file for the secrets of all connections; empty: off
    std::string qlog;          // a folder; empty: off
    std::optional<QlogFilter> qlog_only;
  };
  struct Quic {
    quic::Congestion congestion = quic::Congestion::cubic;
    // Clients of version 1 that offer 2 are moved to it.
    bool upgrade_version = false;
    // Where clients are asked to move to; unspecified: nowhere.
    Address preferred_v4, preferred_v6;
  };

  std::string root;  // empty: the built-in page
  SiteOptions site;

  std::vector<Address> listen = loopback(8443);  // TLS over TCP, and QUIC on the same port
  std::vector<PlainListener> plain;
  bool both_families = true;  // some address stands for IPv4 and IPv6: the latter may be missing
  // The port that clients use when it is mapped to ours: in Alt-Svc and in redirects.
  std::optional<std::uint16_t> public_port;
  bool announce_http3 = true;
  unsigned workers = 0;  // 0: as many as this process may use cores

  Tls tls;
  Log log;
  Quic quic;
};

}  // namespace troika
