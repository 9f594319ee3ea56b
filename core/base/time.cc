#include "base/time.h"

#include <ctime>

namespace troika {

TimePoint SystemClock::now() const noexcept {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return TimePoint(std::chrono::seconds(t.tv_sec) + Duration(t.tv_nsec));
}

WallTime SystemClock::wall() const noexcept { return std::chrono::system_clock::now(); }

void Timer::set(TimePoint deadline) {
  if (place_ != kIdle && deadline == deadline_) return;
  cancel();
  if (deadline == kNever) return;
  deadline_ = deadline;
  queue_.insert(*this);
}

void Timer::cancel() noexcept {
  if (place_ != kIdle) queue_.remove(*this);
  deadline_ = kNever;
}

void TimerQueue::advance_to(TimePoint now) {
  const std::size_t last_order = orders_;
  // A timer set by an action has a later order and so waits for the next turn; ties keep their
  // order.
  while (!heap_.empty() && heap_.front()->deadline_ <= now && heap_.front()->order_ < last_order) {
    Timer& timer = *heap_.front();
    timer.cancel();
    timer.action_();
  }
}

bool TimerQueue::before(const Timer& a, const Timer& b) const noexcept {
  return a.deadline_ != b.deadline_ ? a.deadline_ < b.deadline_ : a.order_ < b.order_;
}

void TimerQueue::place(std::size_t i, Timer* timer) noexcept {
  heap_[i] = timer;
  timer->place_ = i;
}

void TimerQueue::sift_up(std::size_t i) noexcept {
  Timer* const timer = heap_[i];
  while (i > 0 && before(*timer, *heap_[(i - 1) / 2])) {
    place(i, heap_[(i - 1) / 2]);
    i = (i - 1) / 2;
  }
  place(i, timer);
}

void TimerQueue::sift_down(std::size_t i) noexcept {
  Timer* const timer = heap_[i];
  for (;;) {
    std::size_t child = 2 * i + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], *timer)) break;
    place(i, heap_[child]);
    i = child;
  }
  place(i, timer);
}

void TimerQueue::insert(Timer& timer) {
  timer.order_ = orders_++;
  heap_.push_back(&timer);
  sift_up(heap_.size() - 1);
}

void TimerQueue::remove(Timer& timer) noexcept {
  const std::size_t i = timer.place_;
  timer.place_ = Timer::kIdle;
  Timer* const last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(i, last);
  sift_up(i);
  sift_down(last->place_);
}

}  // namespace troika
