#include "loop/background.h"

#include <algorithm>
#include <list>
#include <utility>
#include <vector>

#include "loop/thread_pool.h"

namespace troika {
namespace {

// A task that waits is overtaken by so many at most that are smaller, so that it has its turn.
constexpr int kOvertaken = 32;

}  // namespace

struct UvBackground::State final : Counted {
  State(Loop& l, std::size_t most) : loop(l), limit(most) {}

  void add(std::unique_ptr<Job> job);
  void start_next();
  void left(Job& job);
  void close();

  Loop& loop;
  std::size_t limit;
  std::list<std::unique_ptr<Job>> waiting;
  std::vector<Job*> running;  // owned by libuv; includes cancelled ones
};

// Held by the caller. It may outlive its job, and its job may outlive it.
class UvBackground::Cancel final : public Operation {
 public:
  explicit Cancel(Job& job) noexcept;
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;
  ~Cancel() override;
  void done() noexcept { job_ = nullptr; }

 private:
  Job* job_;
};

class UvBackground::Job final : public PoolJob {
 public:
  using Place = std::list<std::unique_ptr<Job>>::iterator;

  Job(Ref<State> state, std::unique_ptr<Task> task)
      : state_(std::move(state)), task_(std::move(task)) {}
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  ~Job() override {
    release();
    if (with_pool_) state_->left(*this);
  }

  void set_place(Place place) noexcept { place_ = place; }
  bool lets_pass(const Job& other) const noexcept {
    return overtaken_ < kOvertaken && task_->cost() > other.task_->cost();
  }
  void be_overtaken() noexcept { ++overtaken_; }
  void set_cancel(Cancel* cancel) noexcept { cancel_ = cancel; }

  static void start(std::unique_ptr<Job> job) {
    Job& started = *job;
    started.with_pool_ = true;
    started.detach_ = PoolJob::run(started.state_->loop, std::move(job));
  }

  // Frees the task now unless it has begun.
  void cancel() noexcept {
    release();
    if (with_pool_) {
      detach_.reset();
    } else {
      const std::unique_ptr<Job> freed = std::move(*place_);
      state_->waiting.erase(place_);
    }
  }

 private:
  void work() noexcept override { task_->work(); }
  void finish() override {
    release();
    task_->finish();
  }
  void forget() noexcept override {}
  void skipped() noexcept override { task_.reset(); }

  void release() noexcept {
    if (cancel_ != nullptr) std::exchange(cancel_, nullptr)->done();
  }

  Ref<State> state_;
  std::unique_ptr<Task> task_;
  Place place_{};  // while it waits
  int overtaken_ = 0;
  Cancel* cancel_ = nullptr;
  std::unique_ptr<Operation> detach_;  // from libuv's pool: finish() is not called
  bool with_pool_ = false;
};

UvBackground::Cancel::Cancel(Job& job) noexcept : job_(&job) { job.set_cancel(this); }

UvBackground::Cancel::~Cancel() {
  if (job_ != nullptr) job_->cancel();
}

void UvBackground::State::add(std::unique_ptr<Job> job) {
  auto place = waiting.end();
  while (place != waiting.begin() && (*std::prev(place))->lets_pass(*job)) {
    --place;
    (*place)->be_overtaken();
  }
  place = waiting.insert(place, std::move(job));
  (*place)->set_place(place);
  start_next();
}

void UvBackground::State::start_next() {
  while (running.size() < limit && !waiting.empty()) {
    std::unique_ptr<Job> job = std::move(waiting.front());
    waiting.pop_front();
    running.push_back(job.get());
    Job::start(std::move(job));
  }
}

void UvBackground::State::left(Job& job) {
  std::erase(running, &job);
  start_next();
}

// Freeing a task may destroy the operation of another one.
void UvBackground::State::close() {
  while (!waiting.empty()) {
    const std::unique_ptr<Job> freed = std::move(waiting.front());
    waiting.pop_front();
  }
  for (Job* const job : running) job->cancel();  // removed when libuv calls back
}

UvBackground::UvBackground(Loop& loop, std::size_t limit) : state_(make_ref<State>(loop, limit)) {}

UvBackground::~UvBackground() { state_->close(); }

std::unique_ptr<Operation> UvBackground::run(std::unique_ptr<Task> task) {
  auto job = std::make_unique<Job>(state_, std::move(task));
  auto cancel = std::make_unique<Cancel>(*job);
  state_->add(std::move(job));
  return cancel;
}

void UvBackground::post(std::unique_ptr<Task> task) {
  auto job = std::make_unique<Job>(state_, std::move(task));
  state_->add(std::move(job));
}

}  // namespace troika
