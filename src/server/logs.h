#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "log/access_log.h"
#include "log/server_log.h"

namespace troika {

// The operator's log and the access logs of a configuration, open. Outlives the workers.
class Logs {
 public:
  // Files of access logs: each has a thread that writes it.
  static constexpr std::size_t kMostFiles = 64;

  // Opens standard error or the file. The error is one sentence.
  static Checked<std::unique_ptr<ServerLog>> open_server_log(const Config& config,
                                                             const Clock& clock);
  // The access logs, whose troubles go to `server`, which outlives them.
  static Checked<std::unique_ptr<Logs>> open(const Config& config, ServerLog& server);

  // Files beside the common access log that a configuration needs.
  static std::size_t files_of(const Config& config);

  AccessLogs access() const { return access_; }
  std::uint64_t dropped() const noexcept;  // lines of access logs, so far
  // For log rotation: all files by their names. Standard output stays.
  void reopen();

 private:
  explicit Logs(ServerLog& server) : server_(server) {}
  Checked<WriterThread*> writer_for(const std::string& where);

  ServerLog& server_;
  std::map<std::string, std::unique_ptr<WriterThread>> writers_;  // by "-" or the path
  AccessLogs access_;
};

}  // namespace troika
