#include "server/server.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <format>
#include <memory>

#include "server/access_log.h"
#include "server/certificate_watch.h"
#include "server/startup.h"
#include "server/static_site.h"
#include "server/worker_group.h"
#include "uv/signals.h"
#include "uv/writer_thread.h"

namespace troika {
namespace {

constexpr unsigned kReadingThreads = 4;  // for file reads that the page cache cannot answer

LogOutput duplicate(int fd) { return LogOutput(Fd(fcntl(fd, F_DUPFD_CLOEXEC, 3))); }

// Null with no error: the log is off.
Checked<std::unique_ptr<WriterThread>> open_access_log(const std::string& where) {
  if (where == "off") return nullptr;
  if (where == "-") return std::make_unique<WriterThread>(duplicate(STDOUT_FILENO));
  LogOutput out(where, 0644);
  if (const int error = out.open(); error != 0) {
    return std::unexpected(std::format(
        "cannot write the access log {}: {}; choose another file with --access-log, or \"off\"",
        where, std::strerror(error)));
  }
  return std::make_unique<WriterThread>(std::move(out));
}

std::string name_of_log(const std::string& where) {
  return where == "-" ? "the access log to standard output" : "the access log " + where;
}

int complain(const std::string& sentence) {
  std::fprintf(stderr, "troika: %s\n", sentence.c_str());
  return 1;
}

}  // namespace

int run_server(const ServeOptions& options) {
  ignore_sigpipe();
  ignore_sigxfsz();
  auto startup = start_up(options);
  if (!startup) return complain(startup.error());
  const auto worker_count = static_cast<unsigned>(startup->workers.size());
  size_thread_pool(kReadingThreads + background_threads(worker_count));
  WriterThread notices(duplicate(STDERR_FILENO));  // outlives all that it tells of
  const auto lines = open_access_log(options.access_log);
  if (!lines) return complain(lines.error());
  if (*lines) (*lines)->set_notices(notices, name_of_log(options.access_log));
  const std::unique_ptr<KeyLogFile> key_log = std::move(startup->key_log);
  if (key_log) key_log->set_notices(notices);
  const std::unique_ptr<QlogFolder> qlog = std::move(startup->qlog);
  if (qlog) qlog->set_notices(&notices);

  std::fputs(banner(*startup).c_str(), stderr);
  AccessLog access_log(lines->get());
  for (WorkerConfig& worker : startup->workers) {
    worker.observer = &access_log;
    worker.notices = &notices;
  }
  Loop loop;  // of this thread, for signals and the certificates' files
  const Duration look = startup->workers.front().timeouts.certificate_look;
  WorkerGroup workers(std::move(startup->workers),
                      [&loop] { loop.post([&loop] { loop.stop(); }); });
  CertificateWatch watch(loop, look, CertificateKeeper(loop.clock(), startup->certificates),
                         workers,
                         [&notices](const std::string& line) { notices.line("troika: " + line); });
  bool at_once = false;
  Signals signals(loop, [&](int, unsigned count) {
    if (count == 1) {
      std::size_t connections = 0;
      workers.ask([&](Worker& worker) { connections += worker.connections(); });
      notices.line(
          std::format("troika: stopping; {} connections to finish (again: at once)", connections));
      workers.drain();
    } else {
      at_once = true;
      workers.stop();
    }
  });
  loop.run();
  return at_once ? 1 : 0;
}

}  // namespace troika
