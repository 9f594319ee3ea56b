#include "client/fetch.h"

#include <catch2/catch_test_macros.hpp>

#include "http/exchange/call.h"

using namespace troika;

namespace {

// Begins nothing, and counts.
struct Refusing final : ClientSession {
  Result<CallHandle> start(Request, std::unique_ptr<BodySource>, Receiver&,
                           const CallTimeouts&) override {
    ++starts;
    return fail(ErrorCode::unavailable, "full");
  }
  std::size_t free() const noexcept override { return 1; }
  bool idle() const noexcept override { return true; }
  bool draining() const noexcept override { return false; }
  int starts = 0;
};

}  // namespace

TEST_CASE("A fetch that is cancelled while it waits for the handshake never begins") {
  Refusing session;
  client::Fetch waiting(Request(), nullptr), cancelled(Request(), nullptr);
  cancelled.cancel();
  cancelled.begin(session);
  CHECK(session.starts == 0);
  CHECK_FALSE(cancelled.failed());
  waiting.begin(session);
  CHECK(session.starts == 1);
  CHECK(waiting.failed());
}
