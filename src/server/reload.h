#pragma once
#include <functional>
#include <string>
#include <vector>

#include "server/generation.h"
#include "server/slow_thread.h"

namespace troika {

class WorkerGroup;

// Puts a new configuration in the place of the one in use, while the workers serve. What is asked
// for while one is being read is done by the next, once, and each who asked hears of his own.
class Reloader {
 public:
  struct Outcome {
    bool done = false;
    std::string text;  // one sentence
  };
  using Told = std::move_only_function<void(const Outcome& outcome)>;
  // Reads the configuration again and makes all of it, on the slow thread. `leaving`: addresses
  // that cannot be had yet. The error is a sentence, and nothing has changed.
  using Make = std::function<Checked<NextGeneration>(const BoundAddresses& now,
                                                     const std::vector<Address>& leaving)>;
  using Use = std::function<void(const NextGeneration& next)>;  // what is not of the workers
  using Tell = std::function<void(const Outcome& outcome, unsigned generation)>;
  using Say = std::function<void(const std::string& line)>;

  struct Parts {
    Loop& loop;
    SlowThread& thread;
    WorkerGroup& workers;
    BoundAddresses addresses;
    Duration drain;  // after it a removed address is free again
    Make make;
    Use use;
    Tell tell;  // of each reload
    Say say;
  };

  explicit Reloader(Parts parts) : parts_(std::move(parts)) {}
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  void reload(Told told);
  // A server that ends reads nothing any more: those who wait hear so, and those who come.
  void end();

  unsigned generation() const noexcept { return generation_; }  // 1: of the start
  const BoundAddresses& addresses() const noexcept { return parts_.addresses; }
  const Outcome& last() const noexcept { return last_; }  // without text: there was none
  WallTime last_at() const noexcept { return last_at_; }

 private:
  enum class State : std::uint8_t { idle, making, ended };
  struct Leaving {
    Address address;
    TimePoint until;
  };

  void begin();
  void finish(Checked<NextGeneration> next);
  Outcome use(NextGeneration next);
  std::vector<Address> leaving();

  Parts parts_;
  State state_ = State::idle;
  std::vector<Told> served_, waiting_;  // by the one that is being made, by the next
  std::vector<Leaving> leaving_;
  unsigned generation_ = 1;
  Outcome last_{};
  WallTime last_at_{};
};

}  // namespace troika
