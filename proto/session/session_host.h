#pragma once

namespace troika {

// The connection that a session belongs to. mark_dirty() asks for produce() in the coming flush; it
// may be called at any time, any number of times, and does nothing else.
class SessionHost {
 public:
  virtual void mark_dirty() noexcept = 0;

 protected:
  ~SessionHost() = default;
};

}  // namespace troika
