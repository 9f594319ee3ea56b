#include "server/server.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <ranges>

#include "base/text.h"
#include "config/values.h"
#include "loop/signals.h"
#include "loop/thread_pool.h"
#include "os/user.h"
#include "runtime/worker_group.h"
#include "server/certificate_store.h"
#include "server/certificate_watch.h"
#include "server/library_floor.h"
#include "server/logs.h"
#include "server/startup.h"
#include "server/static_site.h"

namespace troika {
namespace {

constexpr std::size_t kMostShown = 20;  // certificates

std::string join(const std::vector<Address>& addresses) {
  std::string text;
  for (const Address& address : addresses) {
    text += text.empty() ? "" : ", ";
    text += address.text();
  }
  return text;
}

// The name for URLs: localhost if the certificate has it, else its first name, directed here.
struct Way {
  std::string host;
  std::string option;  // for curl
};
Way way_to(const Startup& startup, const std::vector<std::string>& names) {
  const Address& first = startup.listen.front();
  if (first.is_loopback() && std::ranges::contains(names, "localhost")) return {"localhost", ""};
  const auto name = std::ranges::find_if(names, [](const std::string& n) {
    return !n.contains('*') && !n.contains(':') && n != "127.0.0.1";
  });
  if (name == names.end()) return {first.family() == AF_INET6 ? "[::1]" : "127.0.0.1", ""};
  const std::string target = first.is_any() ? "127.0.0.1" : first.ip();
  return {*name, formatted(" --resolve {}:{}:{}", *name, first.port(), target)};
}

std::string certificates_text(const tls::CertificateSet& certificates) {
  std::string text;
  for (const tls::Identity& identity : certificates.identities() | std::views::take(kMostShown)) {
    text +=
        formatted("  certificate  {}, for {}, valid until {:%F}\n", identity.files.cert_file,
                  names_text(identity), std::chrono::floor<std::chrono::days>(identity.not_after));
  }
  const std::size_t count = certificates.identities().size();
  if (count > kMostShown) text += formatted("               and {} more\n", count - kMostShown);
  return text;
}

}  // namespace

std::string banner(const Startup& startup) {
  const tls::Identity& first = startup.certificates.set->identities().front();
  const Way way = way_to(startup, first.names);
  const std::string url = formatted("https://{}:{}/", way.host, startup.listen.front().port());
  const std::string trust = formatted(
      "--cacert {}{}",
      shell_word(startup.ca_file.empty() ? first.files.cert_file : startup.ca_file), way.option);

  std::string text = formatted("Troika {} serves {} on {}\n", build_text(),
                               startup.root.empty() ? "its built-in page" : startup.root, url);
  append_formatted(text, "  listening    {} (TCP: HTTP/1.1 and HTTP/2, UDP: HTTP/3)\n",
                   join(startup.listen));
  for (const auto& plain : startup.plain) {
    append_formatted(text, "  without TLS  {}{}\n", plain.address.text(),
                     plain.redirect ? " (redirects to https)" : "");
  }
  text += certificates_text(*startup.certificates.set);
  if (!startup.ca_file.empty()) {
    append_formatted(text, "  its CA       {} (import it to make a browser trust this server)\n",
                     startup.ca_file);
  }
  if (!startup.key_log_file.empty()) {
    append_formatted(text, "  KEY LOG      {}: EVERYONE WHO READS THIS FILE CAN READ ALL TRAFFIC\n",
                     startup.key_log_file);
  }
  for (const std::string& warning : startup.warnings) text += "  note: " + warning + '\n';
  text += "Try it:\n";
  for (const std::string_view version : {"--http1.1", "--http2", "--http3-only"}) {
    append_formatted(text, "  curl {} {} {}\n", trust, version, url);
  }
  text += "  (--http3-only needs a curl with HTTP/3: see curl --version)\n";
  return text;
}

namespace {

constexpr unsigned kReadingThreads = 4;                  // for file reads that miss the page cache
constexpr Duration kPatience = std::chrono::seconds(5);  // for hanging threads, after a drain
const SystemClock kClock;                                // outlives a hanging look at files

int complain(const std::string& sentence) {
  std::fprintf(stderr, "troika: %s\n", sentence.c_str());
  return 1;
}

}  // namespace

int run_server(const Config& config) {
  protect_process();  // before there is a key in its memory
  auto startup = start_up(config);
  if (!startup) return complain(startup.error());
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
  if (startup->root_notice) startup->root_notice->set_say(log.at(LogLevel::warn));
  if (startup->site_notice) startup->site_notice->set_say(log.at(LogLevel::warn));
  for (WorkerConfig& worker : startup->workers) {
    worker.access_log = (*logs)->access();
    worker.server_log = &log;
    worker.server_timing = config.server_timing;
  }
  Loop loop;  // of this thread, for signals and the certificates' files
  start_thread_pool(
      loop, kReadingThreads + background_threads(static_cast<unsigned>(startup->workers.size())));
  std::optional<WorkerGroup> workers;
  bool at_once = false;
  const Signals signals(loop, [&](Signals::Wish wish) {
    switch (wish) {
      case Signals::Wish::reopen_logs:
        log.say(LogLevel::info, "opening the logs again");
        if (config.log.server != "-") log.reopen(config.log.server);
        if (key_log) key_log->reopen();
        return (*logs)->reopen();
      case Signals::Wish::stop:
        log.say(LogLevel::notice,
                formatted("stopping; waiting for {} connections (signal again to stop at once)",
                          workers->connections()));
        end_process_after(
            std::chrono::ceil<std::chrono::seconds>(config.timeouts.drain + kPatience));
        return workers->drain();
      case Signals::Wish::stop_at_once: at_once = true; return workers->stop();
    }
  });
  workers.emplace(std::move(startup->workers), [&loop] { loop.post([&loop] { loop.stop(); }); });
  CertificateWatch watch(
      loop, config.tls.look,
      [keeper = CertificateKeeper(kClock, startup->certificates)]() mutable {
        return keeper.look();
      },
      *workers, log.at(LogLevel::notice));
  std::fputs(text.c_str(), stderr);
  loop.run();
  return at_once ? 1 : 0;
}

}  // namespace troika
