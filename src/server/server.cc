#include "server/server.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <format>
#include <memory>

#include "server/access_log.h"
#include "server/certificate_watch.h"
#include "server/library_floor.h"
#include "server/startup.h"
#include "server/static_site.h"
#include "server/worker_group.h"
#include "uv/signals.h"
#include "uv/writer_thread.h"

namespace troika {
namespace {

constexpr unsigned kReadingThreads = 4;  // for file reads that the page cache cannot answer

// Null with no error: the log is off.
Checked<std::unique_ptr<WriterThread>> open_access_log(const std::string& where) {
  if (where == "off") return nullptr;
  Fd fd(where == "-" ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                     : open(where.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!fd) {
    return std::unexpected(std::format(
        "cannot write the access log {}: {}; choose another file with --access-log, or \"off\"",
        where, std::strerror(errno)));
  }
  return std::make_unique<WriterThread>(std::move(fd));
}

int complain(const std::string& sentence) {
  std::fprintf(stderr, "troika: %s\n", sentence.c_str());
  return 1;
}

}  // namespace

int run_server(const ServeOptions& options) {
  ignore_sigpipe();
  auto startup = start_up(options);
  if (!startup) return complain(startup.error());
  if (const auto warning = library_warning(library_versions(), options); !warning.empty()) {
    startup->warnings.push_back(warning);
  }
  const auto worker_count = static_cast<unsigned>(startup->workers.size());
  size_thread_pool(kReadingThreads + background_threads(worker_count));
  auto lines = open_access_log(options.access_log);
  if (!lines) return complain(lines.error());
  WriterThread notices(Fd(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)));
  const std::unique_ptr<QlogFolder> qlog = std::move(startup->qlog);  // gone before the notices
  if (qlog) qlog->set_notices(&notices);
  const auto say = [&notices](const std::string& line) { notices.line("troika: " + line); };
  if (startup->root_notice) startup->root_notice->set_say(say);
  if (startup->site_notice) startup->site_notice->set_say(say);

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
                         workers, say);
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
