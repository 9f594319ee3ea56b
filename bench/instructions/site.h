#pragma once
// A worker's share of a server without its sockets: a router, the handler of a real folder and what
// sessions use. Time is virtual, so that every run does the same.
#include <array>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/dirty_list.h"
#include "base/random.h"
#include "handlers/files/static_handler.h"
#include "handlers/router/router.h"
#include "http/exchange/services.h"
#include "loop/file_reader.h"
#include "loop/loop.h"
#include "os/writer_thread.h"
#include "ports/flush.h"
#include "runtime/access_log.h"
#include "runtime/worker.h"
#include "tools/rig/live_server.h"
#include "tools/rig/temporary_folder.h"

namespace troika::instructions {

// What a browser sends, beside the fields that each protocol sends in a way of its own.
inline constexpr std::string_view kAuthority = "localhost:8443";
inline constexpr std::pair<std::string_view, std::string_view> kFields[] = {
    {"user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
    {"accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
    {"accept-language", "en-GB,en;q=0.8,de;q=0.5"},
    {"accept-encoding", "gzip, deflate, br, zstd"},
    {"referer", "https://localhost:8443/articles/2026/index.html"},
    {"cookie", "session=0f3a9c51d27e4b86; theme=dark"},
    {"sec-fetch-dest", "document"},
    {"sec-fetch-mode", "navigate"},
    {"sec-fetch-site", "same-origin"},
    {"priority", "u=0, i"},
};
inline constexpr std::string_view kTarget = "/file.bin";

class VirtualClock final : public Clock {
 public:
  TimePoint now() const noexcept override { return now_; }
  WallTime wall() const noexcept override {
    return WallTime(std::chrono::duration_cast<WallTime::duration>(now_.time_since_epoch()));
  }
  void advance_to(TimePoint time) noexcept { now_ = std::max(now_, time); }

 private:
  TimePoint now_{std::chrono::hours(500'000)};
};

// At once; only in the warm-up is there anything for it.
class AtOnce final : public Background {
 public:
  std::unique_ptr<Operation> run(std::unique_ptr<Task> task) override {
    post(std::move(task));
    return nullptr;
  }
  void post(std::unique_ptr<Task> task) override {
    task->work();
    task->finish();
  }
};

class Site final : private FlushQueue {
 public:
  // Serves one file of that size at kTarget.
  Site(std::size_t file_bytes, bool log);

  // One turn's flush of what is on `dirty`. True: there is more.
  bool flush();
  // A millisecond at most, for the thread pool: when the kernel has to look at the disk.
  void wait();

  VirtualClock clock;
  BufferPool pool;
  Loop loop;
  TimerQueue timers;
  Deferred deferred;
  DirtyList<Flushable> dirty;
  SeededRandom random{1};
  const Limits limits;
  const Timeouts timeouts;
  const std::unique_ptr<tls::ServerContext> tls_tcp, tls_quic;

 private:
  void add(Flushable& work) noexcept override { dirty.add(work); }
  void remove(Flushable& work) noexcept override { dirty.remove(work); }
  std::vector<ExchangeObserver*> observers();  // with the log, which it makes

  rig::TemporaryFolder folder_;
  AtOnce background_;
  CoveredAuthorities authorities_;
  std::unique_ptr<WriterThread> writer_;  // null: the log is off
  std::optional<AccessLog> log_;
  ExchangeObservers observers_;
  UvFileReader files_;
  FileServices shared_;
  Router handler_;

 public:
  Services services;
};

}  // namespace troika::instructions
