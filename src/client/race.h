#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "client/fetch.h"
#include "client/resolver.h"

namespace troika::client {

// The next address is tried this long after the one before (RFC 8305 §8, Connection Attempt Delay).
inline constexpr Duration kAttemptDelay = std::chrono::milliseconds(250);
// The addresses of a name that are tried; the others are ignored.
inline constexpr std::size_t kMostAddresses = 16;

// A host by its name, or by an IP address without brackets.
struct Name {
  std::string host;
  std::uint16_t port = 0;
  std::string text() const;  // "localhost:8443", "[::1]:8443"
};

// A connection to whichever address of a name connects first (Happy Eyeballs, RFC 8305): the others
// are closed then, and from there on it is that connection. "Connects" is TCP's handshake or, over
// QUIC, the first datagram from the server. The last address left has nothing to race with, and is
// taken as it is: early data needs no round trip there.
class Race final : public Connection, private Connection::Owner {
 public:
  using Open = std::move_only_function<Checked<std::unique_ptr<Connection>>(const Address&)>;

  // The references outlive it. `resolving`: how long finding the addresses may take; how long an
  // attempt may take is up to what `open` makes.
  Race(Name name, Resolver& resolver, const Clock& clock, TimerQueue& timers, Duration resolving,
       Open open);

  bool ready() const noexcept override { return winner_ != nullptr && winner_->ready(); }
  bool closed() const noexcept override {
    return state_ == State::failed || (winner_ != nullptr && winner_->closed());
  }
  CallStep step() const noexcept override {
    return winner_ != nullptr ? winner_->step() : CallStep::connect;
  }
  Error close_reason() const noexcept override {
    return winner_ != nullptr ? winner_->close_reason() : reason_;
  }
  std::string why() const override;
  ClientSession& session() noexcept override { return winner_->session(); }
  const SecurityInfo& security() const noexcept override;
  std::vector<std::byte> resumption() const override;
  void close() override;
  bool update_key() override { return winner_ != nullptr && winner_->update_key(); }
  bool move() override { return winner_ != nullptr && winner_->move(); }
  bool flush(TimePoint now) override;

 private:
  //   state     | what it does                            | goes on to
  //   resolving | the addresses are looked up             | racing, failed
  //   racing    | attempts are begun, one after the other | won, failed
  //   won       | it is winner_                           |
  //   failed    | no address has connected, or close()    |
  enum class State : std::uint8_t { resolving, racing, won, failed };
  struct Attempt {
    Address to;
    std::unique_ptr<Connection> connection;
  };

  void on_dirty(Connection&) noexcept override { mark_dirty(); }
  void on_found(Checked<std::vector<Address>> found);
  bool go_on(TimePoint now);
  bool settle_attempts();
  void start_attempts(TimePoint now);
  void win(Attempt& attempt);
  void fail(ErrorCode code, std::string_view detail);
  std::string outcome(const Address& to, const std::string& why) const;

  const Name name_;
  const Clock& clock_;
  Open open_;
  std::vector<Address> addresses_;
  std::size_t next_ = 0;  // of addresses_
  std::vector<Attempt> attempts_;
  std::unique_ptr<Connection> winner_;
  Address won_;
  std::string tried_;  // what has failed, and why
  Error reason_{ErrorCode::closed, "ended"};
  TimePoint next_at_;  // the end of resolving, then the next attempt
  State state_ = State::resolving;
  Timer timer_;
  std::unique_ptr<Operation> lookup_;
};

}  // namespace troika::client
