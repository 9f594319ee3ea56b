#include "loop/pool_job.h"

namespace troika {

class PoolJob::Wait final : public Operation {
 public:
  explicit Wait(PoolJob& job) noexcept : job_(&job) { job.wait_ = this; }
  ~Wait() override {
    if (job_ == nullptr) return;
    job_->wait_ = nullptr;
    job_->forget();
    // Fails when it has begun. The request is libuv's until the second callback, either way.
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
