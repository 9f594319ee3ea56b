#include "tools/fetch/options.h"

#include <catch2/catch_test_macros.hpp>

#include "base/text.h"
#include "tools/parser.h"

using namespace troika;
using namespace troika::fetch;
using namespace std::chrono_literals;

namespace {

const test::Parser<Options> kFetch{parse_options, "--connect 127.0.0.1:8443 "};

}  // namespace

TEST_CASE("an address and a path alone are one request over HTTP/3") {
  const Options options = kFetch.good("/a");
  CHECK(options.server.text() == "127.0.0.1:8443");
  CHECK(options.protocol == client::Protocol::h3);
  CHECK(options.paths == std::vector<std::string>{"/a"});
  CHECK(options.host == "localhost");
  CHECK(options.parallel == 1);
  CHECK(options.repeat == 1);
  CHECK(options.limit == 60s);
  CHECK(options.quic.empty());
}

TEST_CASE("what the client is told arrives as the libraries take it") {
  const Options options = kFetch.good(
      "--quic v1,v2 --ciphers chacha20 --groups P-256 --key-update 10 --move 20 --resume r --early "
      "--parallel 7 --repeat 3 --timeout 1500ms --json /a /b");
  CHECK(options.quic == std::vector<std::uint32_t>{1, 0x6b3343cf});
  CHECK(options.ciphers == "TLS_CHACHA20_POLY1305_SHA256");
  CHECK(options.groups == "P-256");
  CHECK(options.key_update_each == 10);
  CHECK(options.move_after == 20);
  CHECK(options.resume == "r");
  CHECK(options.early);
  CHECK(options.parallel == 7);
  CHECK(options.repeat == 3);
  CHECK(options.limit == 1500ms);
  CHECK(options.json);
  CHECK(options.paths.size() == 2);
  CHECK(kFetch.good("--ack-every 25 /").ack_every == 25);
  CHECK(kFetch.good("--quic v2 /").quic == std::vector<std::uint32_t>{0x6b3343cf});
  CHECK(kFetch.good("--h2 /").protocol == client::Protocol::h2);
  CHECK(kFetch.parse("--help").error().help);
}

TEST_CASE("a server is named by its name or its address, and its certificate is for the name") {
  const auto server = [](const std::string& text, const std::string& more = "") {
    const Options options = kFetch.good(formatted("--connect {} {} /a", text, more));
    return formatted("{} for {}", options.server.text(), options.host);
  };
  CHECK(server("example.org:443") == "example.org:443 for example.org");
  CHECK(server("example.org:443", "--host other.example") == "example.org:443 for other.example");
  CHECK(server("127.0.0.1:8443") == "127.0.0.1:8443 for localhost");
  CHECK(server("[::1]:8443") == "[::1]:8443 for localhost");
}

TEST_CASE("what makes no sense is said in one sentence") {
  CHECK(kFetch.parse("/a").error().text == "--connect NAME:PORT is missing");
  CHECK(kFetch.wrong("") == "no path is given, like /index.html");
  CHECK(kFetch.wrong("a") == "the path 'a' does not begin with /");
  CHECK(kFetch.wrong("--nonsense /a") == "there is no option --nonsense; see fetch --help");
  CHECK(kFetch.wrong("/a --timeout") == "--timeout needs a value: --timeout 30s; see fetch --help");
  CHECK(kFetch.wrong("/a --timeout 11m") ==
        "--timeout takes a value like 30s, not \"11m\"; see fetch --help");
  CHECK(kFetch.wrong("/a --timeout 0").starts_with("--timeout takes a value like 30s"));
  CHECK(kFetch.wrong("/a --quic v3").starts_with("--quic takes a value like v1, v2 or v1,v2"));
  for (const std::string no : {"localhost", "localhost:", "localhost:0", ":443", "[x]:1", "a/b:1",
                               "localhost:65536", "127.0.0.1:0"}) {
    CHECK(kFetch.wrong("/a --connect " + no)
              .starts_with("--connect takes a value like localhost:8443"));
  }
  CHECK(kFetch.wrong("--h2 --quic v2 /a") ==
        "--quic, --ack-every, --key-update and --move are for --h3");
  CHECK(kFetch.wrong("--h2 --ack-every 10 /a") ==
        "--quic, --ack-every, --key-update and --move are for --h3");
  CHECK(kFetch.wrong("--h1 --move 1 /a") ==
        "--quic, --ack-every, --key-update and --move are for --h3");
  CHECK(kFetch.wrong("--early /a") == "--early needs --resume FILE, of an earlier visit");
  CHECK(kFetch.wrong("--h1 --parallel 2 /a") ==
        "HTTP/1.1 has one request at a time on a connection: --parallel is too many");
  CHECK(kFetch.wrong("--repeat 10000 /a") == "nothing");
  CHECK(kFetch.wrong("--repeat 10001 /a") ==
        "--repeat takes a number from 1 to 10000, not \"10001\"; see fetch --help");
  CHECK(kFetch.wrong("--repeat 5000 /a /b") == "nothing");
  CHECK(kFetch.wrong("--repeat 5001 /a /b") == "these are more than 10000 requests");
  CHECK(kFetch.wrong("--parallel 1001 /a").starts_with("--parallel takes a number from 1 to 1000"));
}
