#pragma once
#include <memory>
#include <string>

#include "config/options.h"
#include "runtime/worker.h"
#include "server/certificate_sources.h"
#include "server/key_log_file.h"
#include "server/qlog_folder.h"
#include "server/resumption.h"
#include "server/root_notice.h"
#include "server/site_notice.h"

namespace troika {

// What run_server made of the options, for the banner.
struct Startup {
  std::unique_ptr<Resumption> resumption;  // outlives the workers
  std::unique_ptr<KeyLogFile> key_log;     // of the workers' contexts; null: off
  std::vector<WorkerConfig> workers;
  std::vector<Address> listen;  // with the ports that are really bound
  std::vector<ServeOptions::PlainListener> plain;
  std::string key_log_file;
  std::unique_ptr<QlogFolder> qlog;         // null: no log; outlives the workers
  std::unique_ptr<SiteNotice> site_notice;  // null without a folder; outlives the workers
  std::unique_ptr<RootNotice> root_notice;  // likewise
  std::string root;                         // as the person wrote it; empty: the built-in page
  std::string ca_file;  // of the local CA; empty with certificates of the user's own
  LoadedCertificates certificates;
  std::vector<std::string> warnings;
};

// Opens the folder, makes or reads the certificate, binds every socket. The error is one sentence.
Checked<Startup> start_up(const ServeOptions& options);

// The addresses, the folder, the certificates and three curl lines that can be pasted.
std::string banner(const Startup& startup);

}  // namespace troika
