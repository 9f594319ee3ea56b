#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop/tcp_listener.h"

namespace troika {

// What clients get at an address. It may change while they are served.
struct ListenerTerms {
  enum class Kind : std::uint8_t { secure, plain, redirect } kind = Kind::secure;
  std::string alt_svc{};  // the field's value, of a secure one; empty: HTTP/3 is not announced
};

// The TCP sockets that one worker listens on.
class Listeners {
 public:
  // `terms` are valid during the call.
  using OnAccept = std::function<void(std::unique_ptr<TcpStream>, const ListenerTerms& terms)>;
  using OnStarved = std::function<void(std::uint64_t pauses)>;

  // Neither callback may change the listeners.
  Listeners(Loop& loop, OnAccept on_accept, OnStarved on_starved)
      : loop_(loop), on_accept_(std::move(on_accept)), on_starved_(std::move(on_starved)) {}

  void add(Fd socket, ListenerTerms terms);  // throws as TcpListener does
  // `address` as it is bound. For clients that come from then on; does nothing without such a one.
  void change(const Address& address, const ListenerTerms& terms);
  void remove(const Address& address);
  void clear() { all_.clear(); }
  void set_accepting(bool accepts);  // false: clients wait in the kernel's queue

 private:
  struct One {
    ListenerTerms terms;
    std::unique_ptr<TcpListener> listener;
  };

  Loop& loop_;
  OnAccept on_accept_;
  OnStarved on_starved_;
  std::vector<std::unique_ptr<One>> all_;
  bool accepts_ = true;
};

}  // namespace troika
