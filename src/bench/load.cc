#include "bench/load.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "http/exchange/call.h"

namespace troika::bench {
namespace {

constexpr Duration kLongest = std::chrono::hours(24 * 365);
// After a connection that brought nothing.
constexpr Duration kBackOff = std::chrono::milliseconds(100);
// What a server refuses as not processed may be sent again, once (RFC 9113 §8.7).
constexpr unsigned kMostTries = 2;
constexpr CallTimeouts kTimeouts{};

Duration cpu_of_this_thread() noexcept {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

Trouble kind_of(CallStep step) noexcept {
  if (step == CallStep::connect) return Trouble::connect;
  return step == CallStep::handshake ? Trouble::tls : Trouble::reset;
}

Trouble kind_of(AbortReason reason) noexcept {
  switch (reason) {
    case AbortReason::timeout: return Trouble::timeout;
    case AbortReason::peer_reset:
    case AbortReason::peer_gone:
    case AbortReason::refused: return Trouble::reset;
    default: return Trouble::other;
  }
}

}  // namespace

// A connection, or the wait for the next one. A lane of --new-connection has one slot.
struct Load::Lane final : client::Connection::Owner {
  Lane(Load& owner, std::size_t streams);
  void on_dirty(client::Connection&) noexcept override { load.dirty_lanes_.add(*this); }
  // How many requests it takes now; with --new-connection, whether it may open a connection.
  std::size_t room() const noexcept {
    if (load.target_.new_connection) return connection == nullptr && !waits ? 1 : 0;
    return is_open ? connection->session().free() : 0;
  }

  Load& load;
  std::unique_ptr<client::Connection> connection;
  std::vector<std::unique_ptr<Slot>> slots;
  std::vector<Slot*> parked;  // free, but the connection takes no request
  std::size_t in_flight = 0;  // slots with a request
  std::size_t address = 0;    // that it connects to
  Timer retry;
  bool waits = false;    // for `retry`
  bool is_open = false;  // the connection became ready
  bool served = false;   // it brought a response
  bool dirty = false;    // of the list
};

// One request after the other.
class Load::Slot final : private Receiver, private Waker {
 public:
  enum class Outcome : std::uint8_t { pending, whole, failed };

  explicit Slot(Lane& on) : lane(on) {}

  // False: the connection takes none now.
  bool start() {
    auto started =
        lane.connection->session().start(lane.load.target_.request, nullptr, *this, kTimeouts);
    if (!started) {
      const ErrorCode code = started.error().code;
      const bool later = code == ErrorCode::unavailable || code == ErrorCode::closed;
      if (!later) on_failed({.reason = AbortReason::protocol_error});
      return !later;
    }
    call_ = std::move(*started);
    call_->skip_content();
    call_->body().set_waker(this);
    ++tries;
    return true;
  }
  // What has become of it.
  Outcome look() {
    if (failure) return Outcome::failed;
    if (call_ == nullptr || status == 0) return Outcome::pending;
    const auto pulled = call_->body().pull(kMaxPull);
    if (pulled) return pulled->state == PullState::end ? Outcome::whole : Outcome::pending;
    failure = Failure{.step = CallStep::receive, .reason = AbortReason::peer_reset};
    return Outcome::failed;
  }
  std::uint64_t bytes() const noexcept { return call_->incoming().received(); }
  void lose() {  // the connection has ended
    if (!failure) on_failed({.step = CallStep::receive, .reason = AbortReason::peer_gone});
  }
  bool busy() const noexcept { return call_ != nullptr || failure.has_value(); }
  void clear() noexcept {
    call_.reset();
    failure.reset();
    status = 0;
    lane.load.dirty_slots_.remove(*this);
  }

  Lane& lane;
  std::optional<Ticket> ticket;  // of the request that it has or will have
  std::optional<Failure> failure;
  std::uint16_t status = 0;  // 0: no head yet
  unsigned tries = 0;
  bool dirty = false;  // of the list

 private:
  void wake() noexcept override { lane.load.dirty_slots_.add(*this); }
  bool wants_fields() const noexcept override { return false; }
  void on_head(ResponseHead head) override {
    status = head.status;
    wake();
  }
  void on_failed(const Failure& why) override {
    failure = why;
    wake();
  }

  CallHandle call_;
};

Load::Lane::Lane(Load& owner, std::size_t streams)
    : load(owner), retry(owner.loop_.timers(), [this] {
        waits = false;
        if (!load.target_.new_connection) load.connect(*this);
        load.unpark(*this);
      }) {
  for (std::size_t i = 0; i < streams; ++i) {
    slots.push_back(std::make_unique<Slot>(*this));
    parked.push_back(slots.back().get());
  }
}

Load::Load(const Target& target)
    : target_(target),
      due_(loop_.timers(), [] {}),  // the flush that follows begins what is due
      measure_(loop_.timers(), [this] { measure(); }),
      end_(loop_.timers(), [this] { finish(); }) {
  loop_.set_flush([this](TimePoint time) { return flush(time); });
}

Checked<std::unique_ptr<Load>> Load::make(const Target& target, std::size_t connections,
                                          std::size_t streams, client::Connector::Options options) {
  // Windows that hold up no response, within what a connection can have (RFC 9113 §6.9.1).
  constexpr std::size_t kWindow = 16U << 20U, kAllWindows = (1U << 30U) - 1;
  options.limits.concurrent_streams = static_cast<std::uint32_t>(streams);
  options.limits.call_window = std::min(kWindow, kAllWindows / streams);
  std::unique_ptr<Load> load(new Load(target));
  auto connector = client::Connector::make(load->loop_, load->pool_, options);
  if (!connector) return std::unexpected(connector.error());
  load->connector_ = std::move(*connector);
  for (std::size_t i = 0; i < connections; ++i) {
    load->lanes_.push_back(std::make_unique<Lane>(*load, streams));
  }
  return load;
}

Load::~Load() {
  for (const auto& lane : lanes_) drop(*lane);
  lanes_.clear();
  loop_.deferred().run();
}

void Load::run(const Plan& plan) {
  schedule_.emplace(plan, now());
  tally_.threads = 1;
  state_ = State::running;
  measure_.set(schedule_->measured_from());
  end_.set(schedule_->end());
  if (plan.warm_up == Duration::zero()) measure();
  for (const auto& lane : lanes_) {
    if (target_.new_connection) {
      unpark(*lane);
    } else {
      connect(*lane);
    }
  }
  loop_.run_until([this] { return state_ == State::over; }, kLongest);
  finish();
}

void Load::stop() {
  loop_.post([this] { finish(); });
}

void Load::measure() {
  measured_at_ = now();
  cpu_before_ = cpu_of_this_thread();
  measure_.cancel();
}

void Load::finish() {
  if (std::exchange(state_, State::over) == State::over) return;
  const TimePoint end = std::min(now(), schedule_->end());
  if (measured_at_ > end) return;
  tally_.length = end - measured_at_;
  tally_.cpu = cpu_of_this_thread() - cpu_before_;
  tally_.unfinished = schedule_->unfinished(end);
}

// What has come is read first, so that the requests that follow leave in the same turn.
bool Load::flush(TimePoint time) {
  if (state_ != State::running) return false;
  dirty_slots_.run([&](Slot& slot) {
    settle(slot, time);
    return false;
  });
  begin_due(time);
  dirty_lanes_.run([&](Lane& lane) { return flush(lane, time); });
  seen_.requests.store(tally_.requests, std::memory_order_relaxed);
  seen_.troubles.store(tally_.all_troubles(), std::memory_order_relaxed);
  if (state_ == State::running && schedule_->over(time)) finish();
  begin_due(time);
  return !dirty_lanes_.empty() || !dirty_slots_.empty();
}

bool Load::flush(Lane& lane, TimePoint time) {
  const bool more = lane.connection->flush(time);
  if (lane.connection->closed()) {
    lost(lane, time);
    return false;
  }
  if (!lane.is_open && lane.connection->ready()) opened(lane);
  if (state_ != State::running || !lane.is_open) return more;
  unpark(lane);
  if (lane.in_flight == 0 && lane.connection->session().draining()) {
    drop(lane);
    connect(lane);
    return false;
  }
  return more;
}

void Load::begin_due(TimePoint time) {
  while (state_ == State::running && !free_.empty()) {
    Slot& slot = *free_.front();
    if (slot.lane.room() == 0) {
      free_.pop_front();
      park(slot);
      continue;
    }
    if (!slot.ticket) slot.ticket = schedule_->take(time);
    if (!slot.ticket) {
      due_.set(schedule_->next());
      return;
    }
    free_.pop_front();
    begin(slot);
  }
}

void Load::begin(Slot& slot) {
  Lane& lane = slot.lane;
  ++lane.in_flight;
  if (target_.new_connection) {
    connect(lane);  // opened() starts it
  } else if (!slot.start()) {
    --lane.in_flight;
    park(slot);
  }
}

// Acts on what has become of a request.
void Load::settle(Slot& slot, TimePoint time) {
  const auto outcome = slot.look();
  if (outcome == Slot::Outcome::pending) return;
  Lane& lane = slot.lane;
  if (outcome == Slot::Outcome::whole) {
    lane.served = true;
    if (schedule_->counts(*slot.ticket, time)) {
      tally_.response(slot.status, slot.bytes(), time - slot.ticket->due);
    }
  } else if (slot.failure->replayable && slot.tries < kMostTries && !target_.new_connection) {
    slot.clear();
    --lane.in_flight;
    free_.push_front(&slot);  // with its ticket
    return;
  } else {
    const std::string why(lane.connection != nullptr && lane.connection->closed()
                              ? lane.connection->why()
                              : std::string(name_of(slot.failure->reason)));
    tally_.trouble(kind_of(slot.failure->reason), why,
                   schedule_->counts(*slot.ticket, time) ? 1 : 0);
  }
  release(slot);
  if (target_.new_connection) drop(lane);
}

void Load::release(Slot& slot) {
  slot.clear();
  slot.tries = 0;
  --slot.lane.in_flight;
  schedule_->done(*std::exchange(slot.ticket, std::nullopt));
  free_.push_back(&slot);
}

// Those that have a request already come first: when there is no other one, nothing waits for the
// slots before them.
void Load::park(Slot& slot) {
  auto& parked = slot.lane.parked;
  parked.insert(slot.ticket ? parked.end() : parked.begin(), &slot);
}

void Load::unpark(Lane& lane) {
  for (std::size_t room = lane.room(); room > 0 && !lane.parked.empty(); --room) {
    Slot* const slot = lane.parked.back();
    lane.parked.pop_back();
    free_.insert(slot->ticket ? free_.begin() : free_.end(), slot);
  }
}

void Load::connect(Lane& lane) {
  lane.address = address_;
  auto made = connector_->open(target_.protocol, target_.addresses[address_], target_.host);
  if (!made) return failed_to_connect(lane, Trouble::connect, made.error());
  lane.connection = std::move(*made);
  lane.connection->set_owner(&lane);
  dirty_lanes_.add(lane);
}

void Load::drop(Lane& lane) {
  for (const auto& slot : lane.slots) slot->clear();
  if (lane.connection != nullptr) lane.connection->set_owner(nullptr);
  lane.connection.reset();
  dirty_lanes_.remove(lane);
  lane.is_open = lane.served = false;
}

void Load::opened(Lane& lane) {
  const bool wants_h2 = target_.protocol == client::Protocol::h2;
  if (wants_h2 && lane.connection->security().alpn != "h2") {
    tally_.trouble(Trouble::other, "the server does not speak HTTP/2 here");
    return finish();
  }
  lane.is_open = true;
  ++tally_.connections;
  Slot& first = *lane.slots.front();
  if (target_.new_connection && !first.start()) first.lose();
}

void Load::lost(Lane& lane, TimePoint time) {
  const bool was_open = lane.is_open, was_good = lane.served;
  const CallStep step = lane.connection->step();
  const std::string why = lane.connection->why();
  if (!was_open) {
    drop(lane);
    return failed_to_connect(lane, kind_of(step), why);
  }
  for (const auto& slot : lane.slots) {
    if (!slot->busy()) continue;
    if (slot->look() == Slot::Outcome::pending) slot->lose();
    settle(*slot, time);
  }
  drop(lane);
  if (was_good) {
    if (!target_.new_connection) connect(lane);
  } else {
    lane.waits = true;
    lane.retry.set(time + kBackOff);
  }
}

// A connection that cannot be made takes a request with it, so that a run with a number of them
// ends; one that never could be made ends the run.
void Load::failed_to_connect(Lane& lane, Trouble kind, const std::string& why) {
  if (tally_.connections == 0 && lane.address + 1 < target_.addresses.size()) {
    address_ = std::max(address_, lane.address + 1);
    return connect(lane);
  }
  const auto waiting =
      std::ranges::find_if(lane.slots, [](const auto& slot) { return slot->ticket.has_value(); });
  Slot& slot = waiting == lane.slots.end() ? *lane.slots.front() : **waiting;
  if (!slot.ticket) slot.ticket = schedule_->take(now());
  const bool counts = slot.ticket && schedule_->counts(*slot.ticket, now());
  tally_.trouble(kind, why, counts ? 1 : 0);
  if (slot.ticket) {
    schedule_->done(*std::exchange(slot.ticket, std::nullopt));
  }
  if (target_.new_connection) {
    slot.tries = 0;
    --lane.in_flight;
    park(slot);
  }
  if (tally_.connections == 0 && ++refused_ >= lanes_.size()) return finish();
  lane.waits = true;
  lane.retry.set(now() + kBackOff);
}

}  // namespace troika::bench
