#pragma once
// Several workers behind one port of loopback, made as the program makes them.
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <future>
#include <optional>
#include <vector>

#include "client/client.h"
#include "runtime/worker_group.h"
#include "server/startup.h"
#include "support/live_server.h"

namespace troika::test {

class LiveGroup {
 public:
  explicit LiveGroup(unsigned workers, const std::function<void(Startup&)>& tweak = {},
                     const std::function<void(Config&)>& ask_for = {}) {
    Config options;
    options.tls.certificates = {{test_certificate().cert_file, test_certificate().key_file}};
    options.listen = {must(Address::parse("127.0.0.1:0"))};
    options.workers = workers;
    if (ask_for) ask_for(options);
    startup_ = must(start_up(options));
    address = startup_.addresses.listen.front();
    for (WorkerConfig& worker : startup_.workers) worker.observers = {&observer_};
    if (tweak) tweak(startup_);
    group_.emplace(std::move(startup_.workers), [this] { ended_.set_value(); });
  }

  // Of all workers, in their order.
  template <class T>
  std::vector<T> each(T (*of)(Worker&)) {
    std::vector<T> all;
    group_->ask([&](Worker& worker) { all.push_back(of(worker)); });
    return all;
  }
  // The client goes on meanwhile: what it has not acknowledged is still in flight.
  void drain(client::Client& client) {
    group_->drain();
    const auto ended = ended_.get_future();
    const auto over = [&] { return ended.wait_for(Duration::zero()) == std::future_status::ready; };
    // A client without connections has nothing to wake it: it looks every few milliseconds.
    for (int i = 0; i < 2000 && !over(); ++i) client.run_until(over, std::chrono::milliseconds(10));
    REQUIRE(over());
  }

  WorkerGroup& workers() { return *group_; }
  const Startup& startup() const { return startup_; }  // but for what the workers are made of

  Address address;

 private:
  struct Nobody final : ExchangeObserver {
    void on_complete(const ExchangeSummary&) noexcept override {}
  } observer_;
  std::promise<void> ended_;
  Startup startup_;  // what it holds for the process outlives the workers
  std::optional<WorkerGroup> group_;
};

}  // namespace troika::test
