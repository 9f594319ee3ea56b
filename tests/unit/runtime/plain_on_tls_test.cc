// Plain HTTP that comes to a TLS port: what is answered, and how the connection ends.
#include "handlers/redirect/redirect.h"

#include <catch2/catch_test_macros.hpp>

#include "support/fake_authority_check.h"
#include "support/live_server.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"
#include "unit/runtime/connection_rig.h"

using namespace troika;
using namespace troika::test;

namespace {

// A connection of a TLS port, and a client that knows nothing of TLS.
struct TlsPort final : ConnectionRig {
  TlsPort() {
    names.names = {"localhost", "127.0.0.1", "::1"};
    start(tls::make_tls_transport(link.open(End::server), context->new_ssl(), scratch),
          "h3=\":8443\"", &plain);
  }
  ~TlsPort() override { connection.reset(); }
  TlsPort(const TlsPort&) = delete;
  TlsPort& operator=(const TlsPort&) = delete;

  bool is_plain() const { return received.starts_with("HTTP/1.1 "); }

  static inline const std::unique_ptr<tls::ServerContext> context = must(tls::ServerContext::make(
      tls::TransportKind::tcp, {test_certificate().cert_file, test_certificate().key_file}));
  FakeAuthorityCheck names;
  PlainOnTlsHandler handler{8443};
  Services plain{bench.pool,
                 bench.clock,
                 bench.limits,
                 bench.timeouts,
                 make_ref<Snapshot>(handler, ExchangeTimeouts{}),
                 bench.observer,
                 &names};
  tls::RecordScratch scratch{bench.clock};
};

// What a request with these lines is answered: the status, and the Location or the body.
std::string answer(std::string_view request) {
  TlsPort port;
  port.send(request);
  CHECK(port.is_plain());
  CHECK(port.received.contains("\r\nconnection: close\r\n"));
  CHECK_FALSE(port.received.contains("alt-svc"));
  CHECK(port.sent.fin);
  CHECK(port.bench.observer.entries.size() == 1);
  CHECK(port.failures == std::vector<std::string>{"127.0.0.1 a plain HTTP request on a TLS port"});
  const std::string status = port.received.substr(9, 3);
  if (status != "308")
    return status + " " + port.received.substr(port.received.find("\r\n\r\n") + 4);
  const std::size_t at = port.received.find("\r\nlocation: ") + 12;
  return status + " " + port.received.substr(at, port.received.find("\r\n", at) - at);
}

constexpr std::string_view kSentence = "400 This port speaks HTTPS, not plain HTTP: ";

}  // namespace

TEST_CASE("GET and HEAD for a host of a certificate are sent to https, with port and target") {
  for (const auto& [request, url] : std::initializer_list<std::pair<std::string, std::string>>{
           {"GET / HTTP/1.1\r\nHost: localhost:8443\r\n\r\n", "https://localhost:8443/"},
           {"GET /a%20b?c=d HTTP/1.1\r\nHost: localhost:9000\r\n\r\n",
            "https://localhost:9000/a%20b?c=d"},
           {"HEAD /x HTTP/1.1\r\nHost: localhost\r\n\r\n", "https://localhost:8443/x"},
           {"GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", "https://[::1]:8443/"},
           {"GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", "https://[::1]:8443/"},
           {"GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", "https://127.0.0.1:8443/"},
           {"GET http://localhost:8443/p HTTP/1.1\r\nHost: localhost:8443\r\n\r\n",
            "https://localhost:8443/p"}}) {
    CAPTURE(request);
    CHECK(answer(request) == "308 " + url);
  }
}

TEST_CASE("All else is told in a sentence where to go") {
  for (const auto& [request, url] : std::initializer_list<std::pair<std::string, std::string>>{
           {"GET /a HTTP/1.1\r\nHost: evil.example:8443\r\n\r\n", "https://evil.example:8443/a"},
           {"GET /a HTTP/1.1\r\nHost: evil.example\r\n\r\n", "https://evil.example:8443/a"},
           {"GET /a HTTP/1.0\r\n\r\n", "https://127.0.0.1:8443/a"},
           {"POST /form HTTP/1.1\r\nHost: localhost:8443\r\nContent-Length: 3\r\n\r\nabc",
            "https://localhost:8443/form"},
           {"OPTIONS * HTTP/1.1\r\nHost: localhost:8443\r\n\r\n", "https://localhost:8443/"},
           {"DELETE / HTTP/1.1\r\nHost: localhost:8443\r\n\r\n", "https://localhost:8443/"}}) {
    CAPTURE(request);
    CHECK(answer(request) == std::string(kSentence) + url + "\n");
  }
}

TEST_CASE("What is no valid request, the preface of HTTP/2 too, is refused in HTTP/1.1") {
  CHECK(answer("GET / HTTP/1.1\r\n\r\n").starts_with("400 "));
  CHECK(answer("hello\r\n\r\n").starts_with("400 "));
  CHECK(answer("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").starts_with("400 "));
}

TEST_CASE("A request is answered however it is cut, and the next one is not") {
  const std::string get = "GET / HTTP/1.1\r\nHost: localhost:8443\r\n\r\n";
  for (std::size_t cut = 1; cut < get.size(); ++cut) {
    TlsPort port;
    port.send(get.substr(0, cut));
    CHECK(port.received.empty());
    port.send(get.substr(cut) + get);
    CHECK(port.received.find("HTTP/1.1 308 ") == port.received.rfind("HTTP/1.1 "));
    CHECK(port.sent.fin);
    CHECK(port.bench.observer.entries.size() == 1);
  }
}

TEST_CASE("A plain request that does not go on ends when any other would") {
  TlsPort port;
  port.send("G");
  port.pass(port.bench.timeouts.header_block - Duration(1));
  CHECK(port.received.empty());
  port.pass(Duration(1));
  CHECK(port.received.starts_with("HTTP/1.1 408 "));
  CHECK(port.sent.fin);
}

TEST_CASE("A first byte that is no letter is TLS's to answer: by an alert, and the end") {
  for (int first = 0; first < 256; ++first) {
    const bool letter = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
    CAPTURE(first);
    TlsPort port;
    port.send(static_cast<char>(first) + std::string("xxxxxxxxxxxxxxx\r\n\r\n"));
    CHECK(port.is_plain() == letter);
    CHECK(port.sent.fin == (first != 0x16 || port.done));
    if (!letter && !port.received.empty()) CHECK(port.received.front() == SSL3_RT_ALERT);
  }
}

TEST_CASE("Who says nothing at all has not failed, whether it leaves or stays") {
  TlsPort leaves, stays, speaks;
  leaves.leave();
  CHECK(leaves.done);
  CHECK(leaves.failures.empty());
  stays.pass(stays.bench.timeouts.handshake);
  CHECK(stays.done);
  CHECK(stays.failures.empty());
  speaks.send("\x16\x03\x01");
  speaks.pass(speaks.bench.timeouts.handshake - Duration(1));
  CHECK(speaks.failures.empty());
  speaks.pass(Duration(1));
  CHECK(speaks.done);
  CHECK(speaks.failures == std::vector<std::string>{"127.0.0.1 the handshake took too long"});
}
