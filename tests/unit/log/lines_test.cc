// Every format, on the same requests.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <tuple>

#include "log/access_log.h"
#include "support/json.h"
#include "support/session_harness.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr std::string_view kTraceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

struct Logged {
  Logged() {
    request.method_text = "GET";
    request.scheme = "https";
    request.authority = "example.org:8443";
    request.target.raw = "/a%20b?c=1";
    request.version = HttpVersion::http3;
    peer.remote = Address::v4(0xc0000207, 50000);
    peer.security.encrypted = true;
    peer.security.version = "TLSv1.3";
    peer.security.group = "x25519";
    peer.security.cipher = "TLS_AES_128_GCM_SHA256";
    peer.security.alpn = "h3";
    peer.security.server_name = "example.org";
  }
  std::string line(LogFormat format, const Redaction& redact = {}) const {
    std::string line;
    AccessLines(format, redact)
        .append(line, {.request = request,
                       .peer = peer,
                       .status = status,
                       .body_bytes = 512,
                       .started = WallTime(std::chrono::milliseconds(1'700'000'000'123)),
                       .duration = std::chrono::microseconds(1500),
                       .aborted = aborted,
                       .fields = fields});
    return line;
  }

  Request request;
  PeerInfo peer;
  std::uint16_t status = 200;
  AbortReason aborted = AbortReason::none;
  KeptFields fields{.user_agent = "curl/8.14.1",
                    .referer = "https://a.example/?q=1",
                    .request_id = "r-1",
                    .traceparent = kTraceparent};
};

constexpr LogFormat kAll[] = {LogFormat::text, LogFormat::combined, LogFormat::json,
                              LogFormat::logfmt, LogFormat::caddy};

}  // namespace

TEST_CASE("combined is what Apache and nginx write") {
  Logged logged;
  CHECK(logged.line(LogFormat::combined) ==
        "192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET /a%20b?c=1 HTTP/3\" 200 512 "
        "\"https://a.example/?q=1\" \"curl/8.14.1\"");
  logged.status = 0;
  logged.fields = {};
  CHECK(logged.line(LogFormat::combined) ==
        "192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET /a%20b?c=1 HTTP/3\" 499 512 \"-\" \"-\"");
}

TEST_CASE("json has OpenTelemetry's names, and ours below troika") {
  CHECK(Logged().line(LogFormat::json) ==
        R"({"timestamp":"2023-11-14T22:13:20.123Z","client.address":"192.0.2.7",)"
        R"("http.request.method":"GET","url.scheme":"https","url.path":"/a%20b","url.query":"c=1",)"
        R"("network.protocol.version":"3","http.response.status_code":200,)"
        R"("http.response.body.size":512,"server.address":"example.org","server.port":8443,)"
        R"("user_agent.original":"curl/8.14.1","trace_id":"0af7651916cd43dd8448eb211c80319c",)"
        R"("troika.duration_ms":1.500,"troika.request_id":"r-1",)"
        R"("troika.referer":"https://a.example/?q=1","troika.tls.version":"TLSv1.3",)"
        R"("troika.tls.group":"x25519","troika.tls.cipher":"TLS_AES_128_GCM_SHA256"})");
}

TEST_CASE("logfmt has the same names, and quotes what needs it") {
  CHECK(Logged().line(LogFormat::logfmt) ==
        "timestamp=2023-11-14T22:13:20.123Z client.address=192.0.2.7 http.request.method=GET "
        "url.scheme=https url.path=/a%20b url.query=\"c=1\" network.protocol.version=3 "
        "http.response.status_code=200 http.response.body.size=512 server.address=example.org "
        "server.port=8443 user_agent.original=curl/8.14.1 "
        "trace_id=0af7651916cd43dd8448eb211c80319c troika.duration_ms=1.500 troika.request_id=r-1 "
        "troika.referer=\"https://a.example/?q=1\" troika.tls.version=TLSv1.3 "
        "troika.tls.group=x25519 troika.tls.cipher=TLS_AES_128_GCM_SHA256");
}

TEST_CASE("caddy has what Caddy's readers look for") {
  auto json = read_json(Logged().line(LogFormat::caddy));
  CHECK(json["ts"] == 1'700'000'000.123);
  CHECK(json["request"]["client_ip"] == "192.0.2.7");
  CHECK(json["request"]["proto"] == "HTTP/3.0");
  CHECK(json["request"]["method"] == "GET");
  CHECK(json["request"]["host"] == "example.org:8443");
  CHECK(json["request"]["uri"] == "/a%20b?c=1");
  CHECK(json["request"]["headers"]["User-Agent"][0] == "curl/8.14.1");
  CHECK(json["request"]["headers"]["Referer"][0] == "https://a.example/?q=1");
  CHECK(json["request"]["tls"]["proto"] == "h3");
  CHECK(json["request"]["tls"]["version"] == 772);
  CHECK(json["request"]["tls"]["cipher_suite"] == 4865);
  CHECK(json["duration"] == 0.0015);
  CHECK(json["size"] == 512);
  CHECK(json["status"] == 200);
}

TEST_CASE("What else is true of a request is in json: what failed, and how it came") {
  Logged logged;
  logged.request.method_text = "BREW";
  logged.request.early_data = true;
  logged.request.authority = "[2001:db8::1]";
  logged.peer.security.resumed = true;
  logged.peer.security.address_proven = false;
  logged.peer.security.quic_version = 2;
  logged.peer.security.client_name = "CN=Ann";
  logged.status = 0;
  logged.aborted = AbortReason::peer_reset;
  auto json = read_json(logged.line(LogFormat::json));
  CHECK(json["http.request.method"] == "_OTHER");
  CHECK(json["http.request.method_original"] == "BREW");
  CHECK(json["server.address"] == "2001:db8::1");
  CHECK(!json.contains("server.port"));
  CHECK(!json.contains("http.response.status_code"));
  CHECK(json["error.type"] == "reset by client");
  CHECK(json["troika.early_data"] == true);
  CHECK(json["troika.tls.resumed"] == true);
  CHECK(json["troika.unvalidated"] == true);
  CHECK(json["troika.quic_version"] == 2);
  CHECK(json["troika.tls.client"] == "CN=Ann");
  logged.aborted = AbortReason::none;
  logged.status = 503;
  CHECK(read_json(logged.line(LogFormat::json))["error.type"] == "503");
  logged.status = 404;
  CHECK(!read_json(logged.line(LogFormat::json)).contains("error.type"));
}

TEST_CASE("Of a request that was not understood a line says what there is") {
  Logged logged;
  logged.request = {};
  logged.peer.security = {};
  logged.fields = {};
  logged.status = 400;
  CHECK(logged.line(LogFormat::json) ==
        R"({"timestamp":"2023-11-14T22:13:20.123Z","client.address":"192.0.2.7",)"
        R"("http.request.method":"_OTHER","network.protocol.version":"1.1",)"
        R"("http.response.status_code":400,"http.response.body.size":512,)"
        R"("troika.duration_ms":1.500})");
  CHECK(logged.line(LogFormat::combined).contains("\"- - HTTP/1.1\" 400 512 \"-\" \"-\""));
  CHECK(!read_json(logged.line(LogFormat::caddy))["request"].contains("tls"));
}

TEST_CASE("What a peer sent is neither another line nor another field in any format") {
  Logged logged;
  logged.fields.user_agent = "a\"b\\c\r\n\x1b[2J\x7f\xc2\x9b\xff d=e";
  logged.fields.request_id = "\n";
  for (const LogFormat format : kAll) {
    const std::string line = logged.line(format);
    CAPTURE(line);
    CHECK(std::ranges::all_of(line, [](char c) { return c >= ' ' && c <= '~'; }));
  }
  CHECK(logged.line(LogFormat::combined)
            .ends_with(R"( "a\x22b\x5cc\x0d\x0a\x1b[2J\x7f\xc2\x9b\xff d=e")"));
  const std::string_view escaped = R"("a\"b\\c\u000d\u000a\u001b[2J\u007f\u009b\ufffd d=e")";
  CHECK(logged.line(LogFormat::json).contains(escaped));
  CHECK(logged.line(LogFormat::logfmt).contains(escaped));
  CHECK(logged.line(LogFormat::caddy).contains(escaped));
}

TEST_CASE("Characters of UTF-8 are in JSON as RFC 8259 escapes them, other bytes as U+FFFD") {
  Logged logged;
  const auto agent = [&](std::string_view text) {
    logged.fields.user_agent = text;
    const std::string line = logged.line(LogFormat::json);
    const std::size_t at = line.find("user_agent.original\":\"") + 22;
    return line.substr(at, line.find('"', at) - at);
  };
  CHECK(agent("\xc3\xa4") == R"(\u00e4)");
  CHECK(agent("\xe2\x82\xac") == R"(\u20ac)");
  CHECK(agent("\xf0\x9f\x98\x80") == R"(\ud83d\ude00)");
  CHECK(agent("\xc3") == R"(\ufffd)");
  CHECK(agent("\xc3(") == R"(\ufffd()");
  CHECK(agent("\xed\xa0\x80") == R"(\ufffd\ufffd\ufffd)");
  CHECK(agent("\x80x") == R"(\ufffdx)");
}

TEST_CASE("A field of 1 KiB is whole, a longer one is cut, and so is a target of 2 KiB") {
  Logged logged;
  for (const LogFormat format : {LogFormat::combined, LogFormat::json, LogFormat::caddy}) {
    const std::string agent(1025, 'u'), target(2049, 't');
    logged.fields.user_agent = std::string_view(agent).substr(1);
    logged.request.target.raw = target.substr(1);
    CHECK(!logged.line(format).contains("..."));
    logged.fields.user_agent = agent;
    CHECK(logged.line(format).contains("\"" + agent.substr(1) + "...\""));
    logged.fields.user_agent = "";
    logged.request.target.raw = target;
    CHECK(logged.line(format).contains(target.substr(1) + "..."));
  }
}

TEST_CASE("What is redacted is in no format") {
  Logged logged;
  logged.peer.security.client_name = "CN=Ann";
  logged.fields.user_agent = "";  // the log was not given it
  for (const LogFormat format : kAll) {
    const std::string line = logged.line(format, {.query = true, .client = true});
    CAPTURE(line);
    CHECK(line.contains("192.0.2.0"));
    for (const char* const part : {"192.0.2.7", "c=1", "q=1", "Ann", "?"}) {
      CHECK(!line.contains(part));
    }
  }
  logged.peer.remote = *Address::parse("[2001:db8:1:2::3]:5");
  CHECK(logged.line(LogFormat::json, {.client = true}).contains("\"2001:db8:1::\""));
}

TEST_CASE("A format asks for no fields but those that it writes") {
  using Ids = RequestMarks::Ids;
  const auto wanted = [](LogFormat format, Redaction redact = {}) {
    const RequestMarks::Wanted of = wanted_by(format, redact);
    return std::tuple(of.user_agent, of.referer, of.ids);
  };
  CHECK(!wanted_by(LogFormat::text, {}).any());
  CHECK(wanted(LogFormat::combined) == std::tuple(true, true, Ids::off));
  CHECK(wanted(LogFormat::caddy) == std::tuple(true, true, Ids::off));
  CHECK(wanted(LogFormat::json) == std::tuple(true, true, Ids::on));
  CHECK(wanted(LogFormat::logfmt, {.user_agent = true}) == std::tuple(false, true, Ids::on));
  CHECK(wanted(LogFormat::json, {.referer = true}) == std::tuple(true, false, Ids::on));
}
