#pragma once

namespace troika {

// Something that is under way and will call back. Destroying it cancels: the callback is not called
// any more. It may be destroyed inside its own callback.
class Operation {
 public:
  virtual ~Operation() = default;
};

}  // namespace troika
