
#include "proto/h1/parser.h"
#include "server.h"

using namespace troika;
using namespace troika::test;
using h1::BodyRest;
using h1::KeepAliveFacts;
using h1::keeps_alive;

TEST_CASE("keep-alive: the table") {
  constexpr auto k10 = HttpVersion::http10;
  struct Row {
    KeepAliveFacts facts;
    bool keeps;
  };
  const Row rows[] = {
      {{}, true},
      {{.says_close = true}, false},
      {{.says_keep_alive = true}, true},
      {{.says_close = true, .says_keep_alive = true}, false},
      {{.upgrade = true}, false},
      {{.until_end = true}, true},
      {{.refused = true}, false},
      {{.draining = true}, false},
      {{.rest = BodyRest::bounded}, true},
      {{.rest = BodyRest::given_up}, false},
      {{.version = k10}, false},
      {{.version = k10, .says_keep_alive = true}, true},
      {{.version = k10, .says_close = true, .says_keep_alive = true}, false},
      {{.version = k10, .says_keep_alive = true, .upgrade = true}, false},
      {{.version = k10, .says_keep_alive = true, .until_end = true}, false},
      {{.version = k10, .says_keep_alive = true, .refused = true}, false},
      {{.version = k10, .says_keep_alive = true, .draining = true}, false},
      {{.version = k10, .says_keep_alive = true, .rest = BodyRest::bounded}, true},
      {{.version = k10, .says_keep_alive = true, .rest = BodyRest::given_up}, false},
  };
  for (const Row& row : rows) {
    INFO(&row - rows);
    CHECK(keeps_alive(row.facts) == row.keeps);
  }
}

TEST_CASE("keep-alive: what the request's fields make of it") {
  struct Row {
    std::string_view version, fields, connection;
  };
  for (const Row row :
       {Row{"1.1", "", ""}, Row{"1.1", "Connection: close\r\n", "close"},
        Row{"1.1", "Connection: CLOSE\r\n", "close"},
        Row{"1.1", "connection: x, close ,y\r\n", "close"},
        Row{"1.1", "Connection: x\r\nConnection: close\r\n", "close"},
        Row{"1.1", "Connection: close\t\r\n", "close"},
        Row{"1.1", "Connection: x,\tclose\t,y\r\n", "close"},
        Row{"1.1", "Connection: closed\r\n", ""}, Row{"1.1", "Connection: @@\r\n", ""},
        Row{"1.1", "Connection: keep-alive close\r\n", ""},
        Row{"1.1", "Proxy-Connection: close\r\n", ""}, Row{"1.0", "", "close"},
        Row{"1.0", "Connection: keep-alive\r\n", "keep-alive"},
        Row{"1.0", "Connection: Keep-Alive, x\r\n", "keep-alive"},
        Row{"1.0", "Connection: keep-alive, close\r\n", "close"},
        Row{"1.1", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n", "close"},
        Row{"1.1", "Upgrade: websocket\r\n", "close"}}) {
    INFO(row.version << ' ' << row.fields);
    H1Server server;
    std::string bytes = "GET / HTTP/" + std::string(row.version) + "\r\nHost: a\r\n";
    bytes.append(row.fields).append("\r\nGET /marker HTTP/1.0\r\n\r\n");
    const H1ResponseReader reader(server.send(bytes));
    CHECK(reader.error == "");
    REQUIRE(!reader.responses.empty());
    CHECK(reader.responses[0].status == 200);
    CHECK(reader.responses[0].field("connection") == row.connection);
    // H1-23, H1-24: bytes after the last response are not read.
    CHECK(reader.responses.size() == (row.connection == "close" ? 1U : 2U));
    CHECK(server.finished());
  }
}

TEST_CASE("H1-14: the preface of HTTP/2 is refused as the second request, too") {
  H1Server server;
  CHECK(only(server.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).status == 200);
  const H1Response answer =
      only(server.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET /marker HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(answer.status == 400);
  CHECK(answer.closes());
  CHECK(server.finished());
  CHECK(server.bench.handler.started == 1);
}
