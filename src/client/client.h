#pragma once
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/dirty_list.h"
#include "client/connections.h"
#include "client/fetch.h"
#include "loop/loop.h"

namespace troika::client {

// How one request is sent, and how long it may take.
struct FetchOptions {
  Early early = Early::safe_requests;
  CallTimeouts timeouts{};
  // From fetch() to the end of the response, with the time that the connection takes to become
  // ready and that the response is paused; kUnlimited: no such limit.
  Duration limit = kUnlimited;
};

// Connections and requests on their own loop; runs on the thread that calls run_until(). What is
// idle costs nothing in a turn, so that there may be thousands of connections.
class Client final : private Connection::Owner, private Fetch::Owner {
 public:
  using Options = Connector::Options;

  static Checked<std::unique_ptr<Client>> make(const Options& options);
  ~Client();

  // As Connector::open(). The client owns the connection.
  Checked<Connection*> connect(Protocol protocol, const Address& remote, const std::string& host,
                               std::span<const std::byte> resumption = {});
  Connection& connect(Protocol protocol, const Name& to, const std::string& host,
                      std::span<const std::byte> resumption = {});
  // Destroys it, or stops connecting; drop those of its fetches first that have begun. The others
  // fail.
  void drop(Connection& connection);

  // Starts `request` when the connection is ready; if it does not become ready, the fetch fails
  // with the step that failed. During the handshake (early data) a request that must not be
  // replayed waits for its end. The client owns the fetch.
  Fetch& fetch(Connection& connection, const Request& request,
               std::unique_ptr<BodySource> body = nullptr, Fetch::Sink sink = {},
               const FetchOptions& options = {});
  // Cancels it if it is not done. What it held is free after the next turn of the loop. A sink
  // drops neither fetches nor connections.
  void drop(Fetch& fetch);

  // Runs the loop until done() is true; false when `limit` has passed first.
  bool run_until(std::move_only_function<bool()> done, Duration limit);

  BufferPool& pool() noexcept { return pool_; }
  Loop& loop() noexcept { return loop_; }
  // Flushes of single connections so far: an idle one adds none.
  std::uint64_t flushes() const noexcept { return flushes_; }

 private:
  Client() {
    loop_.set_flush([this](TimePoint now) { return flush(now); });
  }
  bool flush(TimePoint now);
  bool flush(Connection& connection, TimePoint now);
  void on_dirty(Connection& connection) noexcept override { dirty_.add(connection); }
  void on_dirty(Fetch& fetch) noexcept override { dirty_fetches_.add(fetch); }
  Connection& own(std::unique_ptr<Connection> connection);

  BufferPool pool_;
  Loop loop_;
  std::unique_ptr<Connector> connector_;
  std::list<std::unique_ptr<Connection>> connections_;
  std::list<std::unique_ptr<Fetch>> fetches_;
  DirtyList<Connection> dirty_;
  DirtyList<Fetch> dirty_fetches_;
  std::uint64_t flushes_ = 0;
};

// A request for https://host/target, ready for any protocol.
Request make_request(std::string_view method, const std::string& authority,
                     const std::string& target, const std::string& scheme = "https");

}  // namespace troika::client
