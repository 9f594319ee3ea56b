#include "site_stage.h"

#include <catch2/catch_test_macros.hpp>

namespace troika::test {

SiteStage::SiteStage() {
  files.entries["index.html"].content = "<p>root";
  files.entries["a.txt"].content = "hello";
  files.entries["empty"].content = "";
  files.entries["dir"].mode = S_IFDIR | 0755U;
  files.entries["dir/index.html"].content = "<p>dir";
  files.entries["bare"].mode = S_IFDIR | 0755U;
}

SiteStage::~SiteStage() {
  handler.reset();
  shared.reset();
  CHECK(background.alive == 0);
  CHECK(hashing.alive == 0);
  CHECK(timers.size() == 0);
  CHECK(files.open_files == 0);
  CHECK(files.waiting() == 0);
  CHECK(bench.pool.outstanding() == 0);
}

StaticHandler& SiteStage::served() {
  if (handler == nullptr) {
    shared = std::unique_ptr<FileServices>(new FileServices{.coding = background,
                                                            .slow = background,
                                                            .hashing = hashing,
                                                            .timers = timers,
                                                            .pool = bench.pool,
                                                            .clock = bench.clock,
                                                            .limits = limits,
                                                            .notice = notice,
                                                            .secret = "secret"});
    handler = std::make_unique<StaticHandler>(files, options, *shared);
  }
  return *handler;
}

HandlerCall SiteStage::ask(std::string_view method, std::string_view raw, Fields fields) {
  Request request = request_for(method, raw);
  for (const auto& [name, value] : fields) request.headers.add(name, value);
  return {bench, served(), std::move(request)};
}

}  // namespace troika::test
