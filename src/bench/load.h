#pragma once
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/dirty_list.h"
#include "base/error.h"
#include "base/time.h"
#include "bench/schedule.h"
#include "bench/tally.h"
#include "client/connections.h"
#include "http/message/message.h"
#include "loop/loop.h"

namespace troika::bench {

// Requests over many connections on one loop. Of a response only its status, its size and its time
// are kept. Nothing but a connection's own deadlines is set for a request.
class Load final {
 public:
  struct Target {
    client::Protocol protocol = client::Protocol::h2;
    std::vector<Address> addresses;  // tried in this order until one takes a connection
    std::string host;                // what the certificate must be for
    Request request;
    bool new_connection = false;  // for each request
  };
  struct Seen {  // may be read from any thread at any time
    std::atomic<std::uint64_t> requests = 0, troubles = 0;
  };

  // `target` outlives it. So many connections, and requests in flight on each. The error is one
  // sentence.
  static Checked<std::unique_ptr<Load>> make(const Target& target, std::size_t connections,
                                             std::size_t streams,
                                             client::Connector::Options options);
  ~Load();

  void run(const Plan& plan);  // on the thread that calls it, until the plan is over or stop()
  void stop();                 // from any thread

  const Tally& tally() const noexcept { return tally_; }  // after run()
  const Seen& seen() const noexcept { return seen_; }

 private:
  class Slot;
  struct Lane;
  enum class State : std::uint8_t { waiting, running, over };

  explicit Load(const Target& target);

  bool flush(TimePoint now);
  bool flush(Lane& lane, TimePoint now);
  void begin_due(TimePoint now);
  void begin(Slot& slot);
  void settle(Slot& slot, TimePoint now);
  void release(Slot& slot);
  void park(Slot& slot);
  void unpark(Lane& lane);
  void connect(Lane& lane);
  void drop(Lane& lane);
  void opened(Lane& lane);
  void lost(Lane& lane, TimePoint now);
  void failed_to_connect(Lane& lane, Trouble kind, const std::string& why);
  void measure();
  void finish();
  TimePoint now() const noexcept { return loop_.clock().now(); }

  const Target& target_;
  BufferPool pool_;
  Loop loop_;
  std::unique_ptr<client::Connector> connector_;
  std::optional<Schedule> schedule_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::deque<Slot*> free_;  // may begin a request; the one that has waited longest is next
  DirtyList<Slot> dirty_slots_;
  DirtyList<Lane> dirty_lanes_;
  Timer due_, measure_, end_;
  Tally tally_;
  Seen seen_;
  std::size_t refused_ = 0;  // connections that failed before the first was made
  std::size_t address_ = 0;  // of target_, which is used
  Duration cpu_before_{};
  TimePoint measured_at_ = kNever;
  State state_ = State::waiting;
};

}  // namespace troika::bench
