#include "server/logs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string_view>

#include "base/text.h"
#include "os/writer_thread.h"

namespace troika {
namespace {

LogOutput duplicate(int fd) { return LogOutput(Fd(fcntl(fd, F_DUPFD_CLOEXEC, 3))); }

std::string name_of_log(const std::string& where) {
  return where == "-" ? "the access log to standard output" : "the access log " + where;
}

}  // namespace

Checked<std::unique_ptr<ServerLog>> Logs::open_server_log(const Config& config,
                                                          const Clock& clock) {
  const std::string& where = config.log.server;
  if (where == "-") {
    const bool journal = is_journal(STDERR_FILENO, std::getenv("JOURNAL_STREAM"));
    return std::make_unique<ServerLog>(
        duplicate(STDERR_FILENO), journal ? ServerLog::Form::journal : ServerLog::Form::terminal,
        config.log.level, clock);
  }
  LogOutput out(where, 0644);
  if (const int error = out.open(); error != 0) {
    return std::unexpected(
        formatted("cannot write the server log {}: {}; choose another file with --server-log, or "
                  "\"-\" for standard error",
                  where, std::strerror(error)));
  }
  return std::make_unique<ServerLog>(std::move(out), ServerLog::Form::file, config.log.level,
                                     clock);
}

// Sites that name the same file share its writer; null: off.
Checked<WriterThread*> Logs::writer_for(const std::string& where) {
  if (where == "off") return nullptr;
  if (const auto known = writers_.find(where); known != writers_.end()) return known->second.get();
  if (writers_.size() == kMostFiles) {
    return std::unexpected(formatted(
        "there are more than {} access logs: let some sites write to the same file", kMostFiles));
  }
  LogOutput out = where == "-" ? duplicate(STDOUT_FILENO) : LogOutput(where, 0644);
  if (const int error = where == "-" ? 0 : out.open(); error != 0) {
    return std::unexpected(formatted(
        "cannot write the access log {}: {}; choose another file with --access-log, or \"off\"",
        where, std::strerror(error)));
  }
  auto& writer = writers_[where] = std::make_unique<WriterThread>(std::move(out));
  writer->set_notices(server_.at(LogLevel::error), name_of_log(where));
  return writer.get();
}

Checked<std::unique_ptr<Logs>> Logs::open(const Config& config, ServerLog& server) {
  std::unique_ptr<Logs> logs(new Logs(server));
  AccessLogs& access = logs->access_;
  access.format = config.log.format;
  access.redact = config.log.redact;
  const auto common = logs->writer_for(config.log.access);
  if (!common) return std::unexpected(common.error());
  access.common = *common;
  for (const SiteSpec& site : config.sites) {
    const bool own = !site.access_log.empty();
    const auto writer = own ? logs->writer_for(site.access_log) : common;
    if (!writer) return std::unexpected(writer.error());
    access.of_sites.push_back(*writer);
  }
  return logs;
}

std::size_t Logs::files_of(const Config& config) {
  std::set<std::string_view> files;
  for (const SiteSpec& site : config.sites) {
    if (!site.access_log.empty() && site.access_log != "off") files.insert(site.access_log);
  }
  return std::min(files.size(), kMostFiles);
}

std::uint64_t Logs::dropped() const noexcept {
  std::uint64_t lines = 0;
  for (const auto& [where, writer] : writers_) lines += writer->dropped();
  return lines;
}

void Logs::reopen() {
  for (const auto& [where, writer] : writers_) {
    if (where == "-") continue;
    writer->reopen([where](LogOutput& out) -> Checked<void> {
      const int error = out.open();
      if (error == 0) return {};
      return std::unexpected(
          formatted("cannot reopen the access log {}: {}", where, std::strerror(error)));
    });
  }
}

}  // namespace troika
