#pragma once
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "handler_bench.h"
#include "handlers/files/static_handler.h"
#include "support/fake_background.h"
#include "support/fake_files.h"

namespace troika::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

inline Fields accepting(const char* codings) { return {{"accept-encoding", codings}}; }

// A handler in front of fake files and a fake thread pool; nothing is left at its end.
struct SiteStage {
  SiteStage();
  ~SiteStage();
  SiteStage(const SiteStage&) = delete;
  SiteStage& operator=(const SiteStage&) = delete;

  StaticHandler& served();
  HandlerCall ask(std::string_view method, std::string_view raw, Fields fields = {});
  HandlerCall get(std::string_view raw, Fields fields = {}) {
    return ask("GET", raw, std::move(fields));
  }
  // A file of `size` letters.
  void add_text(const std::string& name, std::size_t size) {
    files.entries[name].content = std::string(size, 't');
  }
  void pass(Duration time) {
    bench.clock.advance(time);
    timers.advance_to(bench.clock.now());
  }
  std::uint16_t status(std::string_view raw, std::string_view method = "GET") {
    return ask(method, raw).status();
  }

  Bench bench;
  FakeFiles files{bench.pool};
  FakeBackground background, hashing;
  TimerQueue timers;
  SiteOptions options;
  SiteLimits limits;
  std::function<void(const std::string&)> notice;
  std::unique_ptr<FileServices> shared;  // with the handler
  std::unique_ptr<StaticHandler> handler;
};

}  // namespace troika::test
