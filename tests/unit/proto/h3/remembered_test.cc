// What a client remembers of a server's SETTINGS for early data (RFC 9114 §7.2.4.2).
#include "h3_pair.h"
#include "wire.h"

using namespace troika;
using namespace troika::test;

namespace {

struct ServerSettings {
  std::uint64_t qpack_table = 100, field_section = 2000, qpack_blocked = 3;

  std::string frame() const {
    return varint(0) +
           test::frame(4, varint(1) + varint(qpack_table) + varint(6) + varint(field_section) +
                              varint(7) + varint(qpack_blocked));
  }
};

struct Remembering {
  Remembering() = default;
  Remembering(const Remembering&) = delete;
  Remembering& operator=(const Remembering&) = delete;
  ~Remembering() { quic.lose(); }

  BufferPool pool;
  SimClock clock;
  Limits limits;
  FakeQuic quic{false};
  std::unique_ptr<h3::ClientApplication> app = h3::make_client_session(pool, limits, quic);

  void start(const ServerSettings& settings) {
    quic.start(*app, clock.now());
    quic.receive_text(3, settings.frame(), false, clock.now());
    while (quic.turn(clock.now())) quic.ack_all();
  }
};

// What a session with SETTINGS of `before` kept is what one with `after` starts from; the error.
std::optional<quic::AppError> comes_back(const ServerSettings& before,
                                         const ServerSettings& after) {
  Remembering first, second;
  first.start(before);
  REQUIRE_FALSE(first.quic.closed);
  REQUIRE(second.app->remember(first.app->remembered()));
  second.start(after);
  return second.quic.closed;
}

}  // namespace

TEST_CASE("An HTTP/3 client remembers nothing of a server that has sent no SETTINGS") {
  Remembering client;
  CHECK(client.app->remembered().empty());
  CHECK(client.app->remember({}));
}

TEST_CASE("An HTTP/3 client takes what another one remembered, and nothing else") {
  Remembering first, second;
  first.start({});
  auto bytes = first.app->remembered();
  CHECK_FALSE(bytes.empty());
  CHECK(second.app->remember(bytes));
  bytes.pop_back();
  CHECK_FALSE(second.app->remember(bytes));
}

TEST_CASE("SETTINGS below those that an HTTP/3 client relied on end the connection") {
  constexpr quic::AppError kSettingsError = 0x109;
  CHECK_FALSE(comes_back({}, {}));
  CHECK_FALSE(comes_back({}, {.qpack_table = 101, .field_section = 2001, .qpack_blocked = 4}));
  CHECK(comes_back({}, {.qpack_table = 99}) == kSettingsError);
  CHECK(comes_back({}, {.field_section = 1999}) == kSettingsError);
  CHECK(comes_back({}, {.qpack_blocked = 2}) == kSettingsError);
}
