#pragma once
#include <string>

#include "base/time.h"
#include "server/listeners.h"
#include "server/reload.h"
#include "tls/certificates/certificate_set.h"

namespace troika {

// What a server says of itself while it runs.
struct ServerStatus {
  Duration uptime{};
  std::size_t workers = 0;
  std::size_t tcp = 0, quic = 0;  // connections
  const Reloader& reloader;
  const tls::CertificateSet& certificates;
};

// As one line of JSON. Times are seconds, and dates UTC as in RFC 3339.
std::string status_json(const ServerStatus& status);

}  // namespace troika
