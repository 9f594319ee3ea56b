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
  SiteStage() {
    files.entries["index.html"].content = "<p>root";
    files.entries["a.txt"].content = "hello";
    files.entries["empty"].content = "";
    files.entries["dir"].mode = S_IFDIR | 0755U;
    files.entries["dir/index.html"].content = "<p>dir";
    files.entries["bare"].mode = S_IFDIR | 0755U;
  }
  ~SiteStage() {
    handler.reset();
    CHECK(background.alive == 0);
    CHECK(hashing.alive == 0);
    CHECK(timers.size() == 0);
    CHECK(files.open_files == 0);
    CHECK(files.waiting() == 0);
    CHECK(bench.pool.outstanding() == 0);
  }
  SiteStage(const SiteStage&) = delete;
  SiteStage& operator=(const SiteStage&) = delete;

  StaticHandler& served() {
    if (handler == nullptr) {
      handler = std::make_unique<StaticHandler>(StaticHandler::Parts{.files = files,
                                                                     .coding = background,
                                                                     .slow = background,
                                                                     .hashing = hashing,
                                                                     .timers = timers,
                                                                     .pool = bench.pool,
                                                                     .clock = bench.clock,
                                                                     .options = options,
                                                                     .limits = limits,
                                                                     .notice = notice,
                                                                     .secret = "secret"});
    }
    return *handler;
  }
  Call ask(std::string_view method, std::string_view raw, Fields fields = {}) {
    Request request = request_for(method, raw);
    for (const auto& [name, value] : fields) request.headers.add(name, value);
    return {bench, served(), std::move(request)};
  }
  Call get(std::string_view raw, Fields fields = {}) { return ask("GET", raw, std::move(fields)); }
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
  std::unique_ptr<StaticHandler> handler;
};

}  // namespace troika::test
