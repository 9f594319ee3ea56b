// What a client remembers of a server's SETTINGS for early data (RFC 9114 §7.2.4.2).
#include "wire.h"

using namespace troika;
using namespace troika::test;

namespace {

struct ServerSettings {
  std::uint64_t qpack_table = 100, field_section = 2000, qpack_blocked = 3;

  std::string text() const {
    return varint(1) + varint(qpack_table) + varint(6) + varint(field_section) + varint(7) +
           varint(qpack_blocked);
  }
};

// What a session with SETTINGS of `before` kept is what one with `after` starts from; the error.
std::optional<quic::AppError> comes_back(const ServerSettings& before,
                                         const ServerSettings& after) {
  RawClient first, second;
  first.start(before.text());
  REQUIRE_FALSE(first.quic.closed);
  REQUIRE(second.app->remember(first.app->remembered()));
  second.start(after.text());
  return second.quic.closed;
}

}  // namespace

TEST_CASE("An HTTP/3 client remembers nothing of a server that has sent no SETTINGS") {
  RawClient client;
  CHECK(client.app->remembered().empty());
  CHECK(client.app->remember({}));
}

TEST_CASE("An HTTP/3 client takes what another one remembered, and nothing else") {
  RawClient first, second;
  first.start(ServerSettings{}.text());
  auto bytes = first.app->remembered();
  CHECK_FALSE(bytes.empty());
  CHECK(second.app->remember(bytes));
  bytes.pop_back();
  CHECK_FALSE(second.app->remember(bytes));
}

TEST_CASE("SETTINGS below those that an HTTP/3 client relied on end the connection") {
  CHECK_FALSE(comes_back({}, {}));
  CHECK_FALSE(comes_back({}, {.qpack_table = 101, .field_section = 2001, .qpack_blocked = 4}));
  CHECK(comes_back({}, {.qpack_table = 99}) == kSettingsError);
  CHECK(comes_back({}, {.field_section = 1999}) == kSettingsError);
  CHECK(comes_back({}, {.qpack_blocked = 2}) == kSettingsError);
}
