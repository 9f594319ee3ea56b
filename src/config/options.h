#pragma once
#include <optional>
#include <string>
#include <vector>

#include "handlers/site_options.h"
#include "ports/address.h"
#include "proto/quic/config.h"
#include "proto/quic/qlog.h"
#include "tls/context/server_context.h"

namespace troika {

// One byte of a connection id names the worker, so that many differ by chance often enough.
inline constexpr unsigned kMostWorkers = 128;

// What a person asked for on the command line.
struct ServeOptions {
  struct PlainListener {
    Address address;
    bool redirect = false;  // 308 to https instead of serving
  };

  std::string root;  // empty: the built-in page
  SiteOptions site;
  std::vector<Address> listen;  // TLS over TCP, and QUIC on the same port
  bool both_families = false;   // some address stands for IPv4 and IPv6: the latter may be missing
  std::vector<PlainListener> plain;
  std::string secrets_file;  // empty: secrets that end with the process
  bool early_data = true;    // 0-RTT
  std::vector<tls::CertificateFiles> certificates;
  std::string certs_folder;  // more of them; no certificate at all: the local CA's
  tls::ClientAuth client_auth = tls::ClientAuth::none;
  std::string client_ca;         // a file; whose certificates clients show
  std::string access_log = "-";  // a file, "-" for standard output, or "off"
  std::string key_log;           // a file for the secrets of all connections; empty: off
  // The port that clients use when it is mapped to ours: in Alt-Svc and in redirects.
  std::optional<std::uint16_t> public_port;
  bool announce_http3 = true;
  quic::Congestion congestion = quic::Congestion::cubic;
  bool quic_upgrade = false;  // clients of version 1 that offer 2 are moved to it
  Address preferred_v4,
      preferred_v6;  // where QUIC clients are asked to go on; unspecified: nowhere
  std::string qlog;  // a folder; empty: no log
  QlogFilter qlog_only;
  unsigned workers = 0;  // 0: as many as this process may use cores
};

}  // namespace troika
