#include "bench/options.h"

#include <catch2/catch_test_macros.hpp>

#include "bench/run.h"

using namespace troika;
using namespace troika::bench;
using namespace std::chrono_literals;
using client::Protocol;

namespace {

using Words = std::vector<std::string_view>;

Options accepted(const Words& words) {
  const auto options = parse_options(words);
  if (!options) FAIL(options.error().text);
  return *options;
}

std::string refused(const Words& words) {
  const auto options = parse_options(words);
  REQUIRE(!options);
  CHECK(!options.error().help);
  CHECK(!options.error().text.contains('\n'));
  return options.error().text;
}

constexpr std::string_view kUrl = "https://localhost:8443/";

}  // namespace

TEST_CASE("A URL alone is asked for ten seconds, one request at a time") {
  const Options options = accepted({kUrl});
  CHECK(options.protocol == Protocol::h2);
  CHECK(options.server.host == "localhost");
  CHECK(options.server.port == 8443);
  CHECK(options.request.method == Method::get);
  CHECK(options.request.authority == "localhost:8443");
  CHECK(options.request.scheme == "https");
  CHECK(options.request.target.raw == "/");
  CHECK(options.connections == 1);
  CHECK(options.streams == 1);
  CHECK(options.threads == 1);
  CHECK(options.plan.length == 10s);
  CHECK(!options.plan.requests);
  CHECK(options.plan.warm_up == 0s);
  CHECK(options.plan.rate == 0);
  CHECK(options.datagram_bytes == 1472);
  CHECK(options.verify);
  CHECK(!options.any_host);
}

TEST_CASE("The protocol follows from the scheme, or is chosen") {
  CHECK(accepted({"http://localhost/"}).protocol == Protocol::h1_plain);
  CHECK(accepted({"http://localhost/", "--http2"}).protocol == Protocol::h2_plain);
  CHECK(accepted({"https://localhost/", "--http1.1"}).protocol == Protocol::h1);
  CHECK(accepted({"--http3", "https://localhost/"}).protocol == Protocol::h3);
  CHECK(refused({"http://localhost/", "--http3"}) ==
        "HTTP/3 is always encrypted: --http3 needs a URL with https://");
}

TEST_CASE("What a URL names") {
  const auto server = [](std::string_view url) { return accepted({url}).server.text(); };
  CHECK(server("http://localhost") == "localhost:80");
  CHECK(server("https://example.com/") == "example.com:443");
  CHECK(server("https://[::1]/") == "[::1]:443");
  CHECK(server("https://[::1]:8443/") == "[::1]:8443");
  CHECK(server("http://127.0.0.1:80?q") == "127.0.0.1:80");
  const auto target = [](std::string_view url) { return accepted({url}).request.target.raw; };
  CHECK(target("http://localhost") == "/");
  CHECK(target("http://localhost?a=b") == "/?a=b");
  CHECK(target("http://localhost/a/b?c#d") == "/a/b?c");
  for (const std::string_view wrong :
       {"https://", "https:///", "https://localhost:0/", "https://localhost:70000/",
        "https://me@localhost/", "https://local host/", "https://localhost/%zz",
        "https://localhost/../..", "https://[::1/", "https://localhost:/"}) {
    CAPTURE(wrong);
    CHECK(refused({wrong}) ==
          '"' + std::string(wrong) + "\" is no URL like https://localhost:8443/path");
  }
  CHECK(refused({"ftp://localhost/"}) == "the URL begins with neither http:// nor https://");
  CHECK(refused({"localhost:8443"}) == "the URL begins with neither http:// nor https://");
  CHECK(refused({}) == "no URL is given: troika bench https://localhost:8443/");
}

TEST_CASE("How much, how long and how fast") {
  const Options options =
      accepted({"-c", "8", "-m", "4", "-n", "100", "-w", "500ms", "-r", "1000", "--threads", "2",
                "--datagram", "1200", "--insecure", "--i-own-this", "--json", kUrl});
  CHECK(options.connections == 8);
  CHECK(options.streams == 4);
  CHECK(options.plan.requests == 100);
  CHECK(!options.plan.length);
  CHECK(options.plan.warm_up == 500ms);
  CHECK(options.plan.rate == 1000);
  CHECK(options.threads == 2);
  CHECK(options.datagram_bytes == 1200);
  CHECK(!options.verify);
  CHECK(options.any_host);
  CHECK(options.json);
  CHECK(accepted({kUrl, "-d", "3"}).plan.length == 3s);
  CHECK(accepted({kUrl, "-d", "1.5s"}).plan.length == 1500ms);
  CHECK(accepted({kUrl, "--duration", "2m", "--requests", "5"}).plan.length == 2min);
  CHECK(refused({kUrl, "-c", "0"}).starts_with("-c,--connections takes a number from 1 to 10000"));
  CHECK(refused({kUrl, "-c", "10001"}).starts_with("-c,--connections takes a number from 1"));
  CHECK(refused({kUrl, "-m", "1001"}).starts_with("-m,--streams takes a number from 1 to 1000"));
  CHECK(refused({kUrl, "-d", "0s"}).starts_with("-d,--duration takes a value like 10s"));
  CHECK(refused({kUrl, "-n", "many"}).starts_with("-n,--requests takes a value like N"));
  CHECK(refused({kUrl, "--datagram", "1199"}).starts_with("--datagram takes a number from 1200"));
  CHECK(refused({kUrl, "--frob"}) == "there is no option --frob; see troika bench --help");
}

TEST_CASE("What each request says") {
  const Options options = accepted({kUrl, "-X", "POST", "-H", "Accept-Encoding: br", "--header",
                                    "x-empty:", "-H", "Host: other.example"});
  CHECK(options.request.method == Method::post);
  CHECK(options.request.method_text == "POST");
  CHECK(options.request.headers.size() == 2);
  CHECK(options.request.headers.get("accept-encoding") == "br");
  CHECK(options.request.headers.get("x-empty") == "");
  CHECK(options.request.authority == "other.example");
  CHECK(options.server.host == "localhost");
  for (const std::string_view wrong :
       {"no colon", "a b: c", ": x", "x: a\x7f", "Content-Length: 3", "Connection: close",
        "Transfer-Encoding: chunked", "TE: trailers", "Host: a b"}) {
    CAPTURE(wrong);
    CHECK(refused({kUrl, "-H", wrong}).starts_with("-H,--header takes a field like"));
  }
  CHECK(refused({kUrl, "-X", "CONNECT"}).starts_with("-X,--method takes a method like GET"));
  CHECK(refused({kUrl, "-X", "G T"}).starts_with("-X,--method takes a method like GET"));
}

TEST_CASE("Options that exclude each other are told apart") {
  CHECK(refused({kUrl, "--http1.1", "-m", "2"}).starts_with("HTTP/1.1 has one request at a time"));
  CHECK(refused({kUrl, "--new-connection", "-m", "2"}).starts_with("with --new-connection"));
  CHECK(refused({kUrl, "--threads", "2"}) == "2 threads need as many --connections");
  CHECK(refused({kUrl, "--insecure", "--cacert", "x"}).starts_with("--insecure accepts any"));
}

TEST_CASE("The help names every option") {
  const auto help = parse_options(Words{"--help"});
  REQUIRE(!help);
  CHECK(help.error().help);
  for (const std::string_view name :
       {"--http1.1", "--http2", "--http3", "-c,", "-m,", "-n,", "-d,", "-w,", "-r,", "-H,", "-X,",
        "--new-connection", "--threads", "--datagram", "--json", "--insecure", "--cacert",
        "--i-own-this"}) {
    CAPTURE(name);
    CHECK(help.error().text.contains(name));
  }
}

TEST_CASE("A host that is not this machine is loaded only by who says that it is theirs") {
  const auto checked = [](std::string_view ip, bool owned) {
    Options options;
    options.server.host = "example.com";
    options.any_host = owned;
    const std::array addresses{*Address::parse("127.0.0.1:80"), *Address::parse(ip)};
    return check_host(options, addresses);
  };
  for (const std::string_view local : {"127.0.0.1:80", "127.9.9.9:80", "[::1]:80"}) {
    CHECK(checked(local, false));
  }
  for (const std::string_view other :
       {"192.0.2.1:80", "10.0.0.1:80", "[2001:db8::1]:80", "0.0.0.0:80", "[::]:80"}) {
    CAPTURE(other);
    CHECK(checked(other, true));
    const auto refused = checked(other, false);
    REQUIRE(!refused);
    CHECK(refused.error().starts_with("example.com ("));
    CHECK(refused.error().ends_with("--i-own-this"));
  }
}
