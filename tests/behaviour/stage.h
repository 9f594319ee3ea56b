#pragma once
// One server with a scripted handler and one client, over any protocol, on real sockets: a
// behaviour is written once against this and holds for all of them.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/live_client.h"

namespace troika::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

// A request as a test writes it.
struct Ask {
  std::string method = "GET";
  std::string target = "/";
  Fields fields{};
  // Called with the client's pool; null: no body.
  std::function<std::unique_ptr<BodySource>(BufferPool&)> body{};
};

// What came back, without what differs from protocol to protocol by its nature (Date, Alt-Svc,
// Connection, Transfer-Encoding).
struct Reply {
  std::uint16_t status = 0;
  Fields fields{};  // sorted
  Fields trailers{};
  std::string body{};
  unsigned informational = 0;
  bool failed = false;  // reset, or the connection was lost
  friend bool operator==(const Reply&, const Reply&) = default;
};

class Stage {
 public:
  // `answer` runs on the server's thread.
  Stage(client::Protocol protocol, ScriptedHandler::Answer answer);

  // Sends all of them on one connection, at once where the protocol can, and waits for the end of
  // each. On h1 one after the other, on a new connection when the old one was closed.
  std::vector<Reply> ask(const std::vector<Ask>& asks);
  Reply ask(const Ask& one) { return ask(std::vector{one}).front(); }
  // Ends client and server, and says what is left of either: "" for nothing.
  std::string close();
  // Valid after close().
  const std::vector<RecordingObserver::Entry>& summaries() const {
    return server_.observer.entries;
  }

 private:
  client::Connection& connection();
  std::vector<Reply> ask_together(std::span<const Ask> asks);

  client::Protocol protocol_;
  LiveServer server_;
  LiveClient client_;
  client::Connection* connection_ = nullptr;
};

}  // namespace troika::test
