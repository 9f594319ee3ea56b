// The rows of HTTP/1.1, each as one read and byte by byte.
#include <catch2/catch_test_macros.hpp>

#include "rows.h"
#include "support/h1_harness.h"

namespace troika::vectors {

std::vector<H1Row> h1_rows() {
  H1Rows rows;
  h1_framing(rows);
  h1_chunks(rows);
  h1_lines(rows);
  h1_fields(rows);
  h1_targets(rows);
  return std::move(rows.all);
}

namespace {

using test::H1Server;

constexpr std::string_view kHealthy = "GET /healthy HTTP/1.1\r\nHost: a\r\n\r\n";

test::H1ResponseReader read(H1Server& server, std::string_view text) {
  std::vector<bool> heads;
  for (const auto& entry : server.log()) heads.push_back(entry.method == "HEAD");
  return test::H1ResponseReader(text, std::move(heads));
}

void feed(H1Server& server, std::string_view input, bool split) {
  if (!split) return server.receive(input);
  for (const char& c : input) server.receive({&c, 1});
}

void check_refused(H1Server& server, const test::H1ResponseReader& got, const H1Row& row) {
  CHECK(got.responses.size() == 1);
  if (got.responses.size() != 1) return;
  CHECK(got.responses[0].status == row.status);
  CHECK(got.responses[0].complete);
  CHECK(got.responses[0].closes());
  CHECK(server.finished());
  CHECK_FALSE(server.interest().broken);
  REQUIRE(server.log().size() == 1);
  CHECK(server.log()[0].status == row.status);
  CHECK(server.log()[0].target != "/healthy");
  CHECK(server.bench.handler.started == 0);
}

void check_put_up(H1Server& server, const test::H1ResponseReader& got, const H1Row& row) {
  CHECK(got.responses.size() == 2);
  if (got.responses.size() != 2) return;
  CHECK(got.responses[0].status == row.status);
  CHECK(got.responses[1].status == 200);
  CHECK_FALSE(server.finished());
  CHECK(server.log().back().target == "/healthy");
}

}  // namespace

TEST_CASE("every h1 row ends as it says, and the next healthy request is answered") {
  for (const H1Row& row : h1_rows()) {
    INFO(row.name);
    const bool large = row.bytes.size() > 20'000;
    for (const bool split : {false, true}) {
      if (split && large) continue;
      CAPTURE(split);
      H1Server server;
      feed(server, row.bytes + std::string(kHealthy), split);
      const std::string text = server.take();
      const auto got = read(server, text);
      CHECK(got.error == "");
      row.refused ? check_refused(server, got, row) : check_put_up(server, got, row);
      server.close();
      CHECK(server.bench.pool.outstanding() == 0);
      CHECK(server.bench.host.held.held() == 0);
    }
    H1Server next;
    const auto healthy = read(next, next.send(kHealthy));
    REQUIRE(healthy.responses.size() == 1);
    CHECK(healthy.responses[0].status == 200);
  }
}

}  // namespace troika::vectors
