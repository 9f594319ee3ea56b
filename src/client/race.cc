#include "client/race.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace troika::client {

namespace {

void add_to(std::string& list, const std::string& what) {
  list += list.empty() ? what : "; " + what;
}

}  // namespace

std::string Name::text() const {
  const bool v6 = host.contains(':');
  return formatted("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

Race::Race(Name name, Resolver& resolver, const Clock& clock, TimerQueue& timers,
           Duration resolving, Open open)
    : name_(std::move(name)),
      clock_(clock),
      open_(std::move(open)),
      next_at_(clock.now() + resolving),
      timer_(timers, [this] { mark_dirty(); }) {
  timer_.set(next_at_);
  lookup_ = resolver.resolve(name_.host, [this](auto found) { on_found(std::move(found)); });
}

const SecurityInfo& Race::security() const noexcept {
  static const SecurityInfo kNone;
  return winner_ != nullptr ? winner_->security() : kNone;
}

std::vector<std::byte> Race::resumption() const {
  return winner_ != nullptr ? winner_->resumption() : std::vector<std::byte>();
}

// The name may be the address itself.
std::string Race::outcome(const Address& to, const std::string& why) const {
  return to.text() == name_.text() ? why : formatted("{}: {}", to.text(), why);
}

std::string Race::why() const {
  if (step() == CallStep::send) return winner_->why();
  std::string all = tried_;
  if (winner_ != nullptr) add_to(all, outcome(won_, winner_->why()));
  return formatted("cannot connect to {}: {}", name_.text(),
                   all.empty() ? reason_.detail : std::string_view(all));
}

void Race::on_found(Checked<std::vector<Address>> found) {
  if (state_ != State::resolving) return;
  mark_dirty();
  if (!found) {
    add_to(tried_, found.error());
    return fail(ErrorCode::not_found, "the name has no address");
  }
  addresses_ = interleaved(*found, kMostAddresses);
  for (Address& address : addresses_) address.set_port(name_.port);
  state_ = State::racing;
  next_at_ = clock_.now();
}

bool Race::flush(TimePoint now) {
  switch (state_) {
    case State::resolving:
      if (now >= next_at_) fail(ErrorCode::timeout, "finding its address took too long");
      return false;
    case State::racing: return go_on(now);
    case State::won: return winner_->flush(now);
    case State::failed: return false;
  }
  std::unreachable();
}

bool Race::go_on(TimePoint now) {
  bool more = false;
  for (const Attempt& attempt : attempts_) more |= attempt.connection->flush(now);
  // RFC 8305 §5: a failure starts the next attempt at once.
  if (settle_attempts()) next_at_ = now;
  if (state_ == State::racing) start_attempts(now);
  return more || state_ == State::won;
}

// True: one has failed.
bool Race::settle_attempts() {
  const auto connected = std::ranges::find_if(
      attempts_, [](const Attempt& a) { return a.connection->step() != CallStep::connect; });
  if (connected != attempts_.end()) {
    win(*connected);
    return false;
  }
  return std::erase_if(attempts_, [this](const Attempt& attempt) {
           if (!attempt.connection->closed()) return false;
           reason_ = attempt.connection->close_reason();
           add_to(tried_, outcome(attempt.to, attempt.connection->why()));
           return true;
         }) > 0;
}

void Race::start_attempts(TimePoint now) {
  while (next_ < addresses_.size() && now >= next_at_) {
    const Address& to = addresses_[next_++];
    auto made = open_(to);
    if (!made) {
      add_to(tried_, outcome(to, made.error()));
      continue;
    }
    (*made)->set_owner(this);
    attempts_.push_back({to, std::move(*made)});
    next_at_ = now + kAttemptDelay;
    mark_dirty();
  }
  const bool all = next_ == addresses_.size();
  timer_.set(all ? kNever : next_at_);
  if (!all) return;
  if (attempts_.empty()) fail(reason_.code, "none of its addresses can be reached");
  if (attempts_.size() == 1) win(attempts_.front());
}

void Race::win(Attempt& attempt) {
  winner_ = std::move(attempt.connection);
  won_ = attempt.to;
  attempts_.clear();
  timer_.cancel();
  state_ = State::won;
  mark_dirty();
}

void Race::fail(ErrorCode code, std::string_view detail) {
  reason_ = {code, detail};
  state_ = State::failed;
  timer_.cancel();
  lookup_.reset();
}

void Race::close() {
  if (closed()) return;
  if (winner_ != nullptr) return winner_->close();
  attempts_.clear();
  fail(ErrorCode::closed, "ended");
  mark_dirty();
}

}  // namespace troika::client
