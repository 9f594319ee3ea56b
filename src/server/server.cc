#include "server/server.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <format>
#include <memory>
#include <optional>

#include "server/access_log.h"
#include "server/certificate_watch.h"
#include "server/startup.h"
#include "server/static_site.h"
#include "server/worker_group.h"
#include "uv/caught_signals.h"
#include "uv/signals.h"
#include "uv/thread_pool.h"
#include "uv/writer_thread.h"

namespace troika {
namespace {

constexpr unsigned kReadingThreads = 4;  // for file reads that the page cache cannot answer
constexpr Duration kPatience = std::chrono::seconds(5);  // with threads that hang, after a drain
const SystemClock kClock;                                // outlives a look at files that hangs

Fd open_log(const std::string& path) {
  return Fd(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
}

// Null with no error: the log is off.
Checked<std::unique_ptr<WriterThread>> open_access_log(const std::string& where) {
  if (where == "off") return nullptr;
  Fd fd = where == "-" ? Fd(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)) : open_log(where);
  if (!fd) {
    return std::unexpected(std::format(
        "cannot write the access log {}: {}; choose another file with --access-log, or \"off\"",
        where, std::strerror(errno)));
  }
  return std::make_unique<WriterThread>(std::move(fd));
}

// After the files were renamed, or after nothing: what is standard output stays that.
void open_logs_again(const std::string& access_log, WriterThread* lines, KeyLogFile* keys) {
  if (keys != nullptr) keys->reopen();
  if (lines == nullptr || access_log == "-") return;
  lines->reopen([access_log] {
    Fd fd = open_log(access_log);
    if (!fd) {
      std::fprintf(stderr,
                   "troika: cannot open the access log %s again: %s; it goes on where it was\n",
                   access_log.c_str(), std::strerror(errno));
    }
    return fd;
  });
}

int complain(const std::string& sentence) {
  std::fprintf(stderr, "troika: %s\n", sentence.c_str());
  return 1;
}

}  // namespace

int run_server(const ServeOptions& options) {
  auto startup = start_up(options);
  if (!startup) return complain(startup.error());
  const std::string text = banner(*startup);
  auto lines = open_access_log(options.access_log);
  if (!lines) return complain(lines.error());
  WriterThread notices(Fd(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)));
  const std::unique_ptr<QlogFolder> qlog = std::move(startup->qlog);  // gone before the notices
  if (qlog) qlog->set_notices(&notices);
  const auto say = [&notices](const std::string& line) { notices.line("troika: " + line); };
  if (startup->root_notice) startup->root_notice->set_say(say);
  if (startup->site_notice) startup->site_notice->set_say(say);
  AccessLog access_log(lines->get());
  for (WorkerConfig& worker : startup->workers) {
    worker.observer = &access_log;
    worker.notices = &notices;
  }
  const Timeouts timeouts = startup->workers.front().timeouts;
  Loop loop;  // of this thread, for signals and the certificates' files
  start_thread_pool(
      loop, kReadingThreads + background_threads(static_cast<unsigned>(startup->workers.size())));
  std::optional<WorkerGroup> workers;
  bool at_once = false;
  const Signals signals(loop, [&](Signals::Wish wish) {
    switch (wish) {
      case Signals::Wish::reopen_logs:
        return open_logs_again(options.access_log, lines->get(), startup->key_log.get());
      case Signals::Wish::stop:
        notices.line(std::format("troika: stopping; {} connections to finish (again: at once)",
                                 workers->connections()));
        end_process_after(std::chrono::ceil<std::chrono::seconds>(timeouts.drain + kPatience));
        return workers->drain();
      case Signals::Wish::stop_at_once: at_once = true; return workers->stop();
    }
  });
  workers.emplace(std::move(startup->workers), [&loop] { loop.post([&loop] { loop.stop(); }); });
  CertificateWatch watch(
      loop, timeouts.certificate_look,
      [keeper = CertificateKeeper(kClock, startup->certificates)]() mutable {
        return keeper.look();
      },
      *workers, say);
  std::fputs(text.c_str(), stderr);
  loop.run();
  return at_once ? 1 : 0;
}

}  // namespace troika
