#include "server/server.h"

#include <cstdio>
#include <memory>
#include <optional>

#include "base/text.h"
#include "loop/control_socket.h"
#include "loop/signals.h"
#include "loop/thread_pool.h"
#include "os/local_socket.h"
#include "os/user.h"
#include "runtime/worker_group.h"
#include "server/banner.h"
#include "server/certificate_watch.h"
#include "server/library_floor.h"
#include "server/logs.h"
#include "server/metrics_server.h"
#include "server/reload.h"
#include "server/startup.h"
#include "server/status.h"

namespace troika {
namespace {

constexpr unsigned kReadingThreads = 4;                  // for file reads that miss the page cache
constexpr Duration kPatience = std::chrono::seconds(5);  // for hanging threads, after a drain
const SystemClock kClock;                                // outlives a hanging look at files

int complain(const std::string& sentence) {
  std::fprintf(stderr, "troika: %s\n", sentence.c_str());
  return 1;
}

// The certificates and the configuration in use, for the slow thread alone; it may outlive all
// else.
struct InUse {
  CertificateKeeper keeper;
  Config config;
};

struct Control {
  Fd socket;  // none: nobody takes commands
  std::string path;
};

Checked<Control> listen_for_commands(const Config& config, const std::string& usual,
                                     std::vector<std::string>& warnings) {
  if (config.control == "off") return Control{};
  const std::string& path = config.control.empty() ? usual : config.control;
  if (path.empty()) return Control{};
  auto socket = listen_locally(path);
  if (socket) return Control{std::move(*socket), path};
  if (!config.control.empty()) return std::unexpected(socket.error());
  warnings.push_back(socket.error());
  return Control{};
}

}  // namespace

int run_server(const Config& config, const ReadAgain& read_again,
               const std::string& usual_control) {
  protect_process();  // before there is a key in its memory
  auto startup = start_up(config);
  if (!startup) return complain(startup.error());
  auto control = listen_for_commands(config, usual_control, startup->warnings);
  if (!control) return complain(as_user(config, control.error()));
  if (const auto warning = library_warning(library_versions(), config); !warning.empty()) {
    startup->warnings.push_back(warning);
  }
  const std::string text = banner(*startup);
  const auto server_log = Logs::open_server_log(config, kClock);
  if (!server_log) return complain(as_user(config, server_log.error()));
  ServerLog& log = **server_log;  // outlives all that it tells of
  const auto logs = Logs::open(config, log);
  if (!logs) return complain(as_user(config, logs.error()));
  const std::unique_ptr<KeyLogFile> key_log = std::move(startup->key_log);
  if (key_log) key_log->set_notices(log.at(LogLevel::error));
  const std::unique_ptr<QlogFolder> qlog = std::move(startup->qlog);
  if (qlog) qlog->set_notices(log.at(LogLevel::warn));
  startup->to->set_say(log.at(LogLevel::warn));
  for (WorkerConfig& worker : startup->workers) {
    worker.access_log = (*logs)->access();
    worker.server_log = &log;
    worker.server_timing = config.server_timing;
  }
  const auto count = static_cast<unsigned>(startup->workers.size());
  Loop loop;  // of this thread, for what is not a client's
  start_thread_pool(loop, kReadingThreads + background_threads(count));
  std::optional<WorkerGroup> workers;
  std::optional<Reloader> reloader;
  ProcessBoard board;
  board.set([](ProcessCounts& counts) { counts.started = counts.last_reload = kClock.wall(); });
  bool at_once = false;
  Timer drain(loop.timers(), [&] {
    log.say(LogLevel::notice,
            formatted("stopping; waiting for {} connections (signal again to stop at once)",
                      workers->connections().all()));
    workers->drain();
  });
  const auto open_logs = [&] {
    log.say(LogLevel::info, "opening the logs again");
    if (config.log.server != "-") log.reopen(config.log.server);
    if (key_log) key_log->reopen();
    (*logs)->reopen();
  };
  const Signals signals(loop, [&](Signals::Wish wish) {
    switch (wish) {
      case Signals::Wish::reopen_logs: return open_logs();
      case Signals::Wish::reload:
        open_logs();
        return reloader->reload([](const Reloader::Outcome&) {});
      case Signals::Wish::stop:
        end_process_after(std::chrono::ceil<std::chrono::seconds>(
            config.drain_delay + config.timeouts.drain + kPatience));
        reloader->end();
        board.set([](ProcessCounts& counts) { counts.draining = true; });
        return drain.set(loop.clock().now() + config.drain_delay);
      case Signals::Wish::stop_at_once: at_once = true; return workers->stop();
    }
  });
  workers.emplace(std::move(startup->workers), [&loop] { loop.post([&loop] { loop.stop(); }); });
  const auto in_use =
      std::make_shared<InUse>(CertificateKeeper(kClock, startup->certificates), config);
  tls::CertificateSet::Ptr certificates = startup->certificates.set->copy();
  SlowThread slow(loop);
  CertificateWatch watch(
      loop, config.tls.look, [in_use] { return in_use->keeper.look(); }, slow,
      [&](const tls::CertificateSet& changed) {
        certificates = changed.copy();
        workers->use_certificates(changed);
      },
      log.at(LogLevel::notice));
  reloader.emplace(Reloader::Parts{
      .loop = loop,
      .thread = slow,
      .workers = *workers,
      .addresses = startup->addresses,
      .drain = config.timeouts.drain,
      .make = [in_use, read_again, count, to = startup->to](
                  const BoundAddresses& now,
                  const std::vector<Address>& leaving) -> Checked<NextGeneration> {
        auto read = read_again();
        if (!read) return std::unexpected(read.error());
        auto next = next_generation(in_use->config, std::move(*read), now, leaving, count, *to);
        if (!next) return next;
        in_use->keeper.use(next->certificates);
        in_use->config = next->config;
        return next;
      },
      .use = [&](const NextGeneration& next) { certificates = next.certificates.set->copy(); },
      .tell =
          [&board](const Reloader::Outcome& outcome, unsigned generation) {
            board.set([&](ProcessCounts& counts) {
              ++(outcome.done ? counts.reloads_done : counts.reloads_failed);
              counts.last_reload_done = outcome.done;
              counts.generation = generation;
              if (outcome.done) counts.last_reload = kClock.wall();
            });
          },
      .say = log.at(LogLevel::notice)});
  const TimePoint began = loop.clock().now();
  std::optional<ControlSocket> commands;
  if (control->socket) {
    commands.emplace(
        loop, std::move(control->socket), control->path,
        [&](std::string_view word, ControlSocket::Reply reply) {
          if (word == "reload") {
            return reloader->reload(
                [reply = std::move(reply)](const Reloader::Outcome& outcome) mutable {
                  reply({outcome.done, outcome.text});
                });
          }
          if (word != "status") {
            return reply({false, formatted("unknown command \"{}\": use reload or status", word)});
          }
          const auto connections = workers->connections();
          reply({true, status_json({.uptime = loop.clock().now() - began,
                                    .workers = count,
                                    .tcp = connections.tcp,
                                    .quic = connections.quic,
                                    .reloader = *reloader,
                                    .certificates = *certificates})});
        });
  }
  std::optional<MetricsServer> metrics;
  if (!startup->metrics.empty()) {
    metrics.emplace(
        std::move(startup->metrics),
        MetricsServer::Sources{
            .count = [&](WorkerGroup::Counted done) { workers->count(std::move(done)); },
            .process =
                [&] {
                  ProcessCounts counts = board.get();
                  counts.connections = workers->connections();
                  counts.log_lines_dropped = (*logs)->dropped();
                  return counts;
                },
            .workers = count});
  }
  std::fputs(text.c_str(), stderr);
  loop.run();
  return at_once ? 1 : 0;
}

}  // namespace troika
