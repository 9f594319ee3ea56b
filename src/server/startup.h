#pragma once
#include <memory>
#include <string>

#include "config/config.h"
#include "runtime/worker.h"
#include "server/certificate_store.h"
#include "server/key_log_file.h"
#include "server/listeners.h"
#include "server/notices.h"
#include "server/qlog_folder.h"
#include "server/secrets.h"

namespace troika {

// What run_server made of the configuration, for the banner.
struct Startup {
  std::unique_ptr<Resumption> resumption;  // outlives the workers
  std::unique_ptr<KeyLogFile> key_log;     // used by the workers' contexts; null: off
  std::vector<WorkerConfig> workers;
  BoundAddresses addresses;
  std::vector<Fd> metrics;  // listening sockets
  std::string key_log_file;
  std::unique_ptr<MemoryBudget> memory;  // outlives the workers
  std::unique_ptr<QlogFolder> qlog;      // null: no log; outlives the workers
  std::shared_ptr<Operator> to = std::make_shared<Operator>();  // outlives the workers
  std::vector<SiteSpec> sites;
  std::string ca_file;  // of the local CA; empty with certificates of the user's own
  LoadedCertificates certificates;
  std::vector<std::string> warnings;
};

// Binds every socket, becomes the user of --user, then opens the folder and the files, and makes or
// reads the certificate. The error is one sentence.
Checked<Startup> start_up(const Config& config);

// The sentence about a file, which says whose rights did not suffice.
std::string as_user(const Config& config, const std::string& sentence);

// The certificate, and the TLS contexts of all workers. The error is one sentence.
Checked<void> prepare_tls(const Config& config, Startup& startup);

}  // namespace troika
