// The rows of HTTP/2: field sections and frames, each as one read and byte by byte.
#include <catch2/catch_test_macros.hpp>

#include "rows.h"
#include "unit/proto/h2/raw_peer.h"

namespace troika::vectors {
namespace {

constexpr std::uint32_t kProtocolError = 1;

void feed(h2::RawPeer& peer, std::string_view bytes, bool split) {
  if (!split) return peer.exchange(bytes);
  for (const char& c : bytes) {
    if (peer.server != nullptr && peer.server->interest().finished) break;
    if (!peer.send({&c, 1})) break;
  }
  peer.settle();
}

bool status_is(const h2::RawPeer& peer, std::uint32_t stream, std::uint32_t status) {
  return peer.status(stream) == std::to_string(status);
}

// On this connection if it goes on, else on a new one.
void check_healthy(h2::RawPeer& peer) {
  if (!peer.server->interest().finished && !peer.goaway_code()) {
    peer.exchange(peer.get(101, "/healthy"));
    CHECK(peer.status(101) == "200");
    return;
  }
  h2::OpenPeer next;
  next.exchange(next.get(1, "/healthy"));
  CHECK(next.status(1) == "200");
}

void check_clean(h2::RawPeer& peer) {
  peer.server->abort(AbortReason::peer_gone);
  peer.server.reset();
  CHECK(peer.pool.outstanding() == 0);
  CHECK(peer.host.held.held() == 0);
}

// Literal field lines (RFC 7541 §6.2.2), which no table changes.
std::string number(std::size_t value) {
  if (value < 127) return {static_cast<char>(value)};
  std::string text(1, '\x7f');
  for (value -= 127; value >= 128; value >>= 7U) text += static_cast<char>(0x80U | (value & 0x7fU));
  return text + static_cast<char>(value);
}
std::string section(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += '\0' + number(name.size()) + name + number(value.size()) + value;
  }
  return text;
}
std::string request(const FieldRow& row) {
  const std::string block = section(row.fields);
  std::string bytes;
  for (std::size_t at = 0; at < block.size(); at += 16'384) {
    const std::uint8_t last = at + 16'384 >= block.size() ? h2::kEndHeaders : std::uint8_t{0};
    const std::uint8_t end = row.content.empty() ? h2::kEndStream : std::uint8_t{0};
    const std::string part = block.substr(at, 16'384);
    bytes += at == 0 ? h2::frame(h2::kHeaders, last | end, 1, part)
                     : h2::frame(h2::kContinuation, last, 1, part);
  }
  if (!row.content.empty()) bytes += h2::frame(h2::kData, h2::kEndStream, 1, row.content);
  return bytes;
}

void check(h2::RawPeer& peer, const H2Row& row) {
  const bool ended = peer.goaway_code() == row.code && peer.server->interest().finished;
  switch (row.fate) {
    case Fate::connection: CHECK(ended); break;
    case Fate::stream: CHECK((ended || peer.reset_code(1) == row.code)); break;
    case Fate::status: CHECK(status_is(peer, 1, row.code)); break;
    case Fate::put_up: CHECK_FALSE(peer.goaway_code()); break;
  }
  const bool asked_before = peer.status(1) == "200" && !row.before.empty();
  if (row.fate == Fate::connection && !asked_before) CHECK(peer.status(1) != "200");
  if (row.fate == Fate::stream && !asked_before) CHECK(peer.status(1) != "200");
}

}  // namespace

TEST_CASE("every field section of the table is refused by h2, and the next request is answered") {
  for (const FieldRow& row : field_rows()) {
    INFO(row.name);
    for (const bool split : {false, true}) {
      if (split && row.fields.size() + row.fields.back().second.size() > 1000) continue;
      CAPTURE(split);
      h2::OpenPeer peer;
      feed(peer, request(row), split);
      const bool refused = status_is(peer, 1, row.status) || peer.reset_code(1) == kProtocolError ||
                           peer.goaway_code() == kProtocolError;
      CAPTURE(peer.status(1), peer.reset_code(1).value_or(99), peer.goaway_code().value_or(99));
      CHECK(refused);
      CHECK_FALSE(peer.status(1).starts_with("2"));
      check_healthy(peer);
      check_clean(peer);
    }
  }
}

TEST_CASE("every h2 row ends as it says, and the next request is answered") {
  for (const H2Row& row : h2_rows()) {
    INFO(row.name);
    for (const bool split : {false, true}) {
      if (split && row.bytes.size() > 20'000) continue;
      CAPTURE(split);
      h2::RawPeer peer;
      if (row.prefaced) peer.preface();
      if (!row.before.empty()) peer.exchange(row.before);
      feed(peer, row.bytes, split);
      CAPTURE(peer.status(1), peer.reset_code(1).value_or(99), peer.goaway_code().value_or(99));
      check(peer, row);
      check_healthy(peer);
      check_clean(peer);
    }
  }
}

}  // namespace troika::vectors
