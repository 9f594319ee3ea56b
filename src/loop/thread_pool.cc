#include "loop/thread_pool.h"

#include <uv.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "loop/loop.h"

namespace troika {
namespace {

constexpr unsigned kMostThreads = 1024;    // libuv's own limit
constexpr std::size_t kStack = 8U << 20U;  // of a thread of libuv's pool
constexpr const char* kSize = "UV_THREADPOOL_SIZE";

std::size_t threads_now() {
  std::error_code failed;
  const std::filesystem::directory_iterator all("/proc/self/task", failed);
  return failed ? 0 : static_cast<std::size_t>(std::distance(all, {}));
}

// Threads created as libuv creates those of its pool. They wait for each other and end.
class Trial {
 public:
  Trial() = default;
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  ~Trial() {
    over_.count_down();
    for (uv_thread_t& thread : threads_) uv_thread_join(&thread);
    // The kernel still counts a thread for a moment after it has been joined.
    for (int i = 0; i < 1000 && threads_now() > before_; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  void add() {
    const uv_thread_options_t options{.flags = UV_THREAD_HAS_STACK_SIZE, .stack_size = kStack};
    uv_thread_t thread{};
    threads_.reserve(threads_.size() + 1);
    required(uv_thread_create_ex(
        &thread, &options, [](void* over) { static_cast<std::latch*>(over)->wait(); }, &over_));
    threads_.push_back(thread);
  }

 private:
  const std::size_t before_ = threads_now();
  std::latch over_{1};
  std::vector<uv_thread_t> threads_;
};

}  // namespace

void start_thread_pool(Loop& loop, unsigned threads) {
  setenv(kSize, std::to_string(threads).c_str(), 0);
  const char* const asked = std::getenv(kSize);  // NOLINT(concurrency-mt-unsafe): read at start
  // Parsed as libuv does, for which -1 is a large number.
  const auto size =
      asked == nullptr ? threads : static_cast<unsigned>(std::strtol(asked, nullptr, 10));
  {
    Trial trial;
    for (unsigned i = 0; i < std::clamp(size, 1U, kMostThreads); ++i) trial.add();
  }
  auto job = std::make_unique<uv_work_t>();
  required(uv_queue_work(
      loop.raw(), job.get(), [](uv_work_t*) {}, [](uv_work_t* ended, int) { delete ended; }));
  static_cast<void>(job.release());  // libuv's until it has ended
}

class PoolJob::Wait final : public Operation {
 public:
  explicit Wait(PoolJob& job) noexcept : job_(&job) { job.wait_ = this; }
  ~Wait() override {
    if (job_ == nullptr) return;
    job_->wait_ = nullptr;
    job_->forget();
    // Fails when the work has begun. libuv owns the request until the second callback, either way.
    if (uv_cancel(reinterpret_cast<uv_req_t*>(&job_->request_)) == 0) job_->skipped();
  }
  void done() noexcept { job_ = nullptr; }

 private:
  PoolJob* job_;
};

std::unique_ptr<Operation> PoolJob::run(Loop& loop, std::unique_ptr<PoolJob> job) {
  auto wait = std::make_unique<Wait>(*job);
  job->request_.data = job.get();
  must(uv_queue_work(
      loop.raw(), &job->request_,
      [](uv_work_t* request) noexcept { static_cast<PoolJob*>(request->data)->work(); },
      [](uv_work_t* request, int) noexcept {
        const std::unique_ptr<PoolJob> ended(static_cast<PoolJob*>(request->data));
        if (ended->wait_ == nullptr) return;
        ended->wait_->done();
        ended->finish();
      }));
  static_cast<void>(job.release());  // libuv's until the second callback
  return wait;
}

}  // namespace troika
