#pragma once
// A relay on a thread of its own.
#include <future>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tools/relay/relay.h"

namespace troika::test {

class LiveRelay {
 public:
  explicit LiveRelay(const relay::Options& options, relay::Trace trace = {}) {
    std::promise<void> begun;
    thread_ = std::thread([&, this] {
      Loop loop;
      auto made = relay::Relay::make(loop, options, std::move(trace));
      if (!made) {
        return begun.set_exception(std::make_exception_ptr(std::runtime_error(made.error())));
      }
      address = (*made)->address();
      loop_ = &loop;
      begun.set_value();
      loop.run();
      summary_ = (*made)->summary();
    });
    try {
      begun.get_future().get();
    } catch (...) {
      thread_.join();
      throw;
    }
  }
  LiveRelay(const LiveRelay&) = delete;
  LiveRelay& operator=(const LiveRelay&) = delete;
  ~LiveRelay() { stop(); }

  // Ends it; says what it did.
  const relay::Summary& stop() {
    if (thread_.joinable()) {
      loop_->post([this] { loop_->stop(); });
      thread_.join();
    }
    return summary_;
  }

  Address address;

 private:
  Loop* loop_ = nullptr;
  relay::Summary summary_;
  std::thread thread_;
};

}  // namespace troika::test
