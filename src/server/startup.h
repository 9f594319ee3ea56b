#pragma once
#include <string>

#include "server/certificate_sources.h"
#include "server/options.h"
#include "server/worker.h"

namespace troika {

// What run_server made of the options, for the banner.
struct Startup {
  std::vector<WorkerConfig> workers;
  std::vector<Address> listen;  // with the ports that are really bound
  std::vector<ServeOptions::PlainListener> plain;
  std::string root;     // as the person wrote it; empty: the built-in page
  std::string ca_file;  // of the local CA; empty with certificates of the user's own
  LoadedCertificates certificates;
  std::vector<std::string> warnings;
};

// Opens the folder, makes or reads the certificate, binds every socket. The error is one sentence.
Checked<Startup> start_up(const ServeOptions& options);

// The addresses, the folder, the certificates and three curl lines that can be pasted.
std::string banner(const Startup& startup);

}  // namespace troika
