#pragma once
// One server with a scripted handler and one client, over any protocol, in memory or on sockets: a
// behaviour is written once against this and holds for all of them.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/session_harness.h"

namespace troika::test {

enum class Wire3 : std::uint8_t { h1, h2, h3 };
enum class Medium : std::uint8_t { memory, sockets };

struct StageKind {
  Wire3 protocol;
  Medium medium;
};
std::string name_of(StageKind kind);
const std::vector<StageKind>& all_stages();

// A request as a test writes it.
struct Ask {
  std::string method = "GET";
  std::string target = "/";
  std::vector<std::pair<std::string, std::string>> fields{};
  // Called on the client's thread with the client's pool; null: no body.
  std::function<std::unique_ptr<BodySource>(BufferPool&)> body{};
};

// What came back, without what differs from protocol to protocol by its nature (Date, Alt-Svc,
// Connection, Transfer-Encoding).
struct Reply {
  std::uint16_t status = 0;
  std::vector<std::pair<std::string, std::string>> fields{};  // sorted
  std::vector<std::pair<std::string, std::string>> trailers{};
  std::string body{};
  unsigned informational = 0;
  bool failed = false;  // reset, or the connection was lost
  friend bool operator==(const Reply&, const Reply&) = default;
};

class Stage {
 public:
  virtual ~Stage() = default;
  // Sends all of them on one connection, at once where the protocol can, and waits for the end of
  // each. On h1 one after the other, on a new connection when the old one was closed.
  virtual std::vector<Reply> ask(const std::vector<Ask>& asks) = 0;
  Reply ask(const Ask& one) { return ask(std::vector{one}).front(); }
  // Ends client and server, and says what is left of either: "" for nothing.
  virtual std::string close() = 0;
  // Valid after close().
  virtual const std::vector<RecordingObserver::Entry>& summaries() const = 0;
};

// `answer` runs on the server's thread.
std::unique_ptr<Stage> make_stage(StageKind kind, ScriptedHandler::Answer answer = {});

}  // namespace troika::test
