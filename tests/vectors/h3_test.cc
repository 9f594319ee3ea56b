// The rows of HTTP/3: field sections, and what comes on its streams, at once and byte by byte.
#include <catch2/catch_test_macros.hpp>

#include "rows.h"
#include "unit/proto/h3/wire.h"

namespace troika::vectors {
namespace {

using namespace test;

void feed(RawServer& raw, quic::StreamId id, std::string_view bytes, bool fin, bool split) {
  if (split) {
    for (; bytes.size() > 1 && raw.quic.alive(); bytes.remove_prefix(1)) {
      raw.send(id, bytes.substr(0, 1));
    }
  }
  if (raw.quic.alive()) raw.exchange(id, bytes, fin);
}

bool refused_with(const RawServer& raw, quic::AppError code) {
  const auto found = raw.quic.streams.find(0);
  return raw.quic.closed == code ||
         (found != raw.quic.streams.end() && found->second.reset_sent == code);
}

std::uint16_t status_of(const RawServer& raw) {
  return raw.observer.entries.empty() ? std::uint16_t{0} : raw.observer.entries[0].status;
}

void check_healthy(RawServer& raw) {
  if (raw.quic.alive()) {
    const int before = raw.handler.started;
    raw.exchange(80, headers_frame(get_fields("/healthy")), true);
    CHECK(raw.handler.started == before + 1);
    return;
  }
  OpenServer next;
  next.exchange(0, headers_frame(get_fields("/healthy")), true);
  CHECK(next.handler.started == 1);
}

void check(const RawServer& raw, const H3Row& row) {
  switch (row.fate) {
    case Fate::connection: CHECK(raw.quic.closed == row.code); break;
    case Fate::stream: CHECK(refused_with(raw, row.code)); break;
    case Fate::status: CHECK(status_of(raw) == row.code); break;
    case Fate::put_up: CHECK(raw.quic.alive()); break;
  }
  if (row.fate == Fate::connection || row.fate == Fate::stream) CHECK(raw.handler.started == 0);
}

}  // namespace

TEST_CASE("every field section of the table is refused by h3, and the next request is answered") {
  for (const FieldRow& row : field_rows()) {
    INFO(row.name);
    for (const bool split : {false, true}) {
      if (split && row.fields.size() + row.fields.back().second.size() > 1000) continue;
      CAPTURE(split);
      OpenServer raw;
      std::string bytes = headers_frame(row.fields);
      if (!row.content.empty()) bytes += data_frame(row.content);
      feed(raw, 0, bytes, true, split);
      CAPTURE(status_of(raw), raw.quic.closed.value_or(0));
      if (row.h3_drops && raw.handler.started == 1) {
        CHECK(raw.handler.requests[0].headers.empty());
      } else {
        const bool too_large = row.status == 431 && raw.quic.closed == kExcessiveLoad;
        CHECK((too_large || refused_with(raw, kMessageError) || status_of(raw) == row.status));
        CHECK(raw.handler.started == 0);
      }
      check_healthy(raw);
    }
  }
}

TEST_CASE("every h3 row ends as it says, and the next request is answered") {
  for (const H3Row& row : h3_rows()) {
    INFO(row.name);
    for (const bool split : {false, true}) {
      CAPTURE(split);
      if (split && row.pieces.back().bytes.size() > 20'000) continue;
      RawServer raw;
      raw.start(row.settings);
      for (const H3Piece& piece : row.pieces) {
        if (!raw.quic.alive()) break;
        feed(raw, static_cast<quic::StreamId>(piece.stream), piece.bytes, piece.fin, split);
      }
      CAPTURE(status_of(raw), raw.quic.closed.value_or(0));
      check(raw, row);
      if (row.settings || row.fate != Fate::put_up) check_healthy(raw);
    }
  }
}

}  // namespace troika::vectors
