#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace troika {

// What the bytes in an output queue are, in order: a stream is credited with what left for the
// wire, not with what was framed. `Stream` is how a session names its streams, a pointer for
// example; Stream{} stands for none.
template <class Stream>
class UnsentLedger {
 public:
  // Bytes of no body: heads, frame headers, control frames.
  void add_control(std::size_t bytes) {
    if (first_ == parts_.size() || parts_.back().kind != Kind::control) {
      add({Stream{}, 0, Kind::control});
    }
    parts_.back().bytes += bytes;
  }
  void add_body(Stream stream, std::size_t bytes) { add({stream, bytes, Kind::body}); }
  void add_end(Stream stream) { add({stream, 0, Kind::end}); }

  // `bytes` left the queue. Calls on_body(stream, n) for each part of a body among them, and
  // on_end(stream) for each end that is reached.
  template <class OnBody, class OnEnd>
  void sent(std::size_t bytes, OnBody on_body, OnEnd on_end) {
    while (first_ < parts_.size()) {
      Part& first = parts_[first_];
      const std::size_t n = std::min(bytes, first.bytes);
      bytes -= n;
      first.bytes -= n;
      if (n > 0 && first.kind == Kind::body && first.stream != Stream{}) on_body(first.stream, n);
      if (first.bytes > 0) return;
      const Part done = first;
      ++first_;
      if (done.kind == Kind::end && done.stream != Stream{}) on_end(done.stream);
    }
  }
  // The stream goes before its bytes do: they are of no stream from now on.
  void forget(Stream stream) noexcept {
    for (std::size_t i = first_; i < parts_.size(); ++i) {
      if (parts_[i].stream == stream) parts_[i].stream = Stream{};
    }
  }
  void forget_all() noexcept {
    for (Part& part : parts_) part.stream = Stream{};
  }
  void clear() noexcept {
    parts_.clear();
    first_ = 0;
  }

 private:
  enum class Kind : std::uint8_t { control, body, end };
  struct Part {
    Stream stream;
    std::size_t bytes;
    Kind kind;
  };
  // Reuses the space of parts that have left, where a deque would allocate again and again. Only
  // when they are half of all, so that moving the rest costs no more than the adding did.
  void add(Part part) {
    if (parts_.size() == parts_.capacity() && first_ > 0 && first_ >= parts_.size() / 2) {
      parts_.erase(parts_.begin(), parts_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
    parts_.push_back(part);
  }

  std::vector<Part> parts_;
  std::size_t first_ = 0;  // the first part that has not left
};

}  // namespace troika
