// What is a response and what is not: rows by hand from RFC 9110, 9112, 9113 and 9114.
#include "http/message/response_builder.h"

#include <catch2/catch_test_macros.hpp>

#include "base/random.h"
#include "base/text.h"
#include "request_lines.h"

using namespace troika;
using namespace troika::test;

namespace {

using Fault = ResponseBuilder::Fault;
using Kind = BodyFraming::Kind;
using Received = std::expected<ResponseBuilder::Received, Fault>;

constexpr auto kMalformed = Fault::malformed;

struct Options {
  Method asked = Method::get;
  bool body = true;
  Limits limits{};
};

void set_status(ResponseBuilder& builder, HttpVersion version, unsigned status) {
  if (is_h1(version)) return builder.status_line(version, static_cast<std::uint16_t>(status));
  builder.status(formatted("{:03}", status));
}

Received receive(ResponseBuilder& builder, HttpVersion version, unsigned status, const Lines& lines,
                 bool body = true) {
  set_status(builder, version, status);
  for (const auto& [name, value] : lines) builder.field(name, value);
  return builder.finish(body);
}

// h1 builds with the version that it speaks; that of the response comes with its status line.
HttpVersion spoken(HttpVersion version) { return is_h1(version) ? HttpVersion::http11 : version; }

Received build_response(HttpVersion version, unsigned status, const Lines& lines,
                        const Options& options = {}) {
  ResponseBuilder builder(options.limits, spoken(version), options.asked);
  return receive(builder, version, status, lines, is_h1(version) || options.body);
}

std::optional<Fault> fault_of(const Received& received) {
  return received ? std::nullopt : std::optional(received.error());
}

struct Row {
  unsigned mask;
  std::string what;
  std::optional<Fault> fault;
  Lines lines;
  unsigned status = 200;
  Options options{};
};

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    for (const HttpVersion version : versions(row.mask)) {
      CAPTURE(row.what, name_of(version));
      CHECK(fault_of(build_response(version, row.status, row.lines, row.options)) == row.fault);
    }
  }
}

constexpr std::optional<Fault> kFine = std::nullopt;

}  // namespace

TEST_CASE("a response whose fields are not wanted has none, and is framed and bounded the same") {
  const auto build = [](HttpVersion version, const Lines& lines) {
    const Limits limits;
    ResponseBuilder builder(limits, spoken(version), Method::get, false);
    return receive(builder, version, 200, lines);
  };
  for (const HttpVersion version : versions(All)) {
    CAPTURE(name_of(version));
    const Received good = build(version, {{"content-length", "5"}, {"etag", "x"}});
    REQUIRE(good);
    CHECK(good->head.status == 200);
    CHECK(good->head.headers.empty());
    CHECK(good->content.kind == Kind::length);
    CHECK(good->content.length == 5);
    const auto upgrade = fault_of(build(version, {{"upgrade", "x"}}));
    CHECK(upgrade == (is_h1(version) ? kFine : kMalformed));
    const Received chunked = build(HttpVersion::http11, {{"Transfer-Encoding", "chunked"}});
    REQUIRE(chunked);
    CHECK(chunked->content.kind == Kind::until_end);
    CHECK(fault_of(build(version, {{"content-length", "5"}, {"content-length", "5"}})) ==
          kMalformed);
    CHECK(fault_of(build(version, {{"x", std::string(Limits{}.response_bytes, 'x')}})) ==
          Fault::too_big);
  }
}

TEST_CASE("a response is the same value whatever protocol it came by") {
  for (const HttpVersion version : versions(All)) {
    CAPTURE(name_of(version));
    const auto received = build_response(version, 404,
                                         {{"content-type", "text/html"},
                                          {"set-cookie", "a=1"},
                                          {"content-length", "5"},
                                          {"set-cookie", "b=2"},
                                          {"x-unknown", ""}});
    REQUIRE(received);
    CHECK(received->head.status == 404);
    CHECK_FALSE(received->head.tunnel);
    CHECK(received->content.kind == Kind::length);
    CHECK(received->content.length == 5);
    std::string text;
    for (const auto [name, value] : received->head.headers) {
      text += formatted("{}={};", name, value);
    }
    CHECK(text ==
          "content-type=text/html;set-cookie=a=1;content-length=5;set-cookie=b=2;x-unknown=;");
  }
}

TEST_CASE("a status is three digits from 100 to 599, once; 101 is none that we asked for") {
  check({{All, "100", kFine, {}, 100},
         {All, "101", kMalformed, {}, 101},
         {All, "199", kFine, {}, 199},
         {All, "299", kFine, {}, 299},
         {All, "599", kFine, {}, 599},
         {All, "600", kMalformed, {}, 600},
         {All, "999", kMalformed, {}, 999},
         {All, "099", kMalformed, {}, 99},
         {All, "000", kMalformed, {}, 0},
         {H1x, "1200", kMalformed, {}, 1200}});
  const Limits limits;
  for (const HttpVersion version : versions(H23)) {
    for (const std::string text :
         {"", "20", "2000", "0200", "2x0", " 200", "200 ", "+20", "-20", "2.0", "200 OK"}) {
      CAPTURE(text);
      ResponseBuilder builder(limits, version, Method::get);
      builder.status(text);
      CHECK(builder.fault() == kMalformed);
    }
  }
  for (const HttpVersion version : versions(All)) {
    ResponseBuilder missing(limits, spoken(version), Method::get);
    ResponseBuilder twice(limits, spoken(version), Method::get);
    CHECK(fault_of(missing.finish(true)) == kMalformed);
    set_status(twice, version, 200);
    CHECK(fault_of(receive(twice, version, 200, {})) == kMalformed);
  }
}

TEST_CASE("R1, R8: the fields of one connection are not among a response's headers") {
  const Lines fields{{"Connection", "close"},          {"Keep-Alive", "timeout=5"},
                     {"Proxy-Connection", "close"},    {"TE", "trailers"},
                     {"Transfer-Encoding", "chunked"}, {"Upgrade", "h2c"},
                     {"Proxy-Authenticate", "Basic"},  {"Proxy-Authentication-Info", "x"},
                     {"WWW-Authenticate", "Basic"}};
  for (const unsigned status : {103U, 200U}) {
    const auto received = build_response(HttpVersion::http11, status, fields);
    REQUIRE(received);
    CHECK(received->head.headers.size() == 1);
    CHECK(received->head.headers.has("www-authenticate"));  // R7
  }
}

TEST_CASE("R1: what Connection names is removed, wherever it stands") {
  for (const HttpVersion version : versions(H1x)) {
    const auto received = build_response(version, 200,
                                         {{"X-Before", "1"},
                                          {"Connection", "X-Before, close,,x-AFTER ,"},
                                          {"X-Kept", "2"},
                                          {"connection", "x-more"},
                                          {"X-After", "3"},
                                          {"x-more", "4"}});
    REQUIRE(received);
    CHECK(received->head.headers.size() == 1);
    CHECK(received->head.headers.get("x-kept") == "2");
  }
}

TEST_CASE("R2: what is meant for all recipients of a response stays, whatever Connection names") {
  Lines lines;
  std::string names;
  for (const std::string name :
       {"content-length", "content-type", "set-cookie", "date", "via", "etag", "vary",
        "cache-control", "location", "access-control-allow-origin", "www-authenticate"}) {
    lines.emplace_back(name, "1");
    names += name + ",";
  }
  lines.emplace_back("connection", names);
  const auto received = build_response(HttpVersion::http11, 200, lines);
  REQUIRE(received);
  CHECK(received->head.headers.size() == lines.size() - 1);
  CHECK(received->content.length == 1);
}

TEST_CASE("R1: what the final head names in Connection is for its trailers") {
  const Limits limits;
  ResponseBuilder builder(limits, HttpVersion::http11, Method::get);
  REQUIRE(receive(builder, HttpVersion::http11, 103, {{"connection", "x-interim"}}));
  CHECK_FALSE(builder.connection_options().has("x-interim"));
  REQUIRE(receive(builder, HttpVersion::http11, 200, {{"Connection", "X-Final"}}));
  CHECK(builder.connection_options().has("x-final"));
}

TEST_CASE("R14: a length is one number, and never beside a transfer coding") {
  const auto length = [](const std::string& value) { return Lines{{"content-length", value}}; };
  const auto coding = [](const std::string& value) { return Lines{{"transfer-encoding", value}}; };
  std::vector<Row> rows{
      {All, "zero", kFine, length("0")},
      {All, "leading zero", kFine, length("05")},
      {All, "2^63-1", kFine, length("9223372036854775807")},
      {All, "2^63", kMalformed, length("9223372036854775808")},
      {All, "twice, equal", kMalformed, {{"content-length", "5"}, {"content-length", "5"}}},
      {All, "twice, different", kMalformed, {{"content-length", "5"}, {"content-length", "6"}}},
      {All, "zero twice", kMalformed, {{"content-length", "0"}, {"content-length", "0"}}},
      {H11, "chunked", kFine, coding("Chunked")},
      {H10, "chunked", kMalformed, coding("chunked")},
      {H11,
       "chunked twice",
       kMalformed,
       {{"transfer-encoding", "chunked"}, {"transfer-encoding", "chunked"}}},
      {H11,
       "length and coding",
       kMalformed,
       {{"content-length", "5"}, {"transfer-encoding", "chunked"}}},
      {H11,
       "coding and length",
       kMalformed,
       {{"transfer-encoding", "chunked"}, {"content-length", "5"}}}};
  for (const std::string value : {"", "+5", "-0", "0x5", "5.0", "5 5", "5, 5", "five", "5;"}) {
    rows.push_back({All, "length " + value, kMalformed, length(value)});
  }
  for (const std::string value : {"", "gzip", "identity", "chunked, gzip", "gzip, chunked",
                                  "chunked, chunked", "chunked;q=1", "chunked,", "xchunked"}) {
    rows.push_back({H1x, "coding " + value, kMalformed, coding(value)});
  }
  check(rows);
}

TEST_CASE("R18: HEAD, 1xx, 204 and 304 have no content whatever they say") {
  struct Said {
    unsigned status;
    Method asked;
    bool keeps_length;
  };
  for (const auto& [status, asked, keeps_length] :
       {Said{100, Method::get, false}, Said{103, Method::head, false},
        Said{204, Method::get, false}, Said{204, Method::head, false}, Said{304, Method::get, true},
        Said{200, Method::head, true}, Said{404, Method::head, true},
        Said{304, Method::head, true}}) {
    for (const HttpVersion version : versions(All)) {
      for (const bool body : {true, false}) {
        if (status < 200 && !body) continue;
        CAPTURE(status, name_of(version), body);
        const Options options{.asked = asked, .body = body};
        const auto said = build_response(version, status, {{"content-length", "5"}}, options);
        REQUIRE(said);
        CHECK(said->content.kind == Kind::none);
        CHECK(said->head.headers.get("content-length") ==
              (keeps_length ? std::optional<std::string_view>("5") : std::nullopt));
        const auto plain = build_response(version, status, {}, options);
        REQUIRE(plain);
        CHECK(plain->content.kind == Kind::none);
        if (version != HttpVersion::http11) continue;
        const auto coded =
            build_response(version, status, {{"transfer-encoding", "chunked"}}, options);
        REQUIRE(coded);
        CHECK(coded->content.kind == Kind::none);
        CHECK(coded->head.headers.empty());
      }
    }
  }
}

TEST_CASE("content has the declared length, or ends with the stream") {
  for (const HttpVersion version : versions(All)) {
    CAPTURE(name_of(version));
    CHECK(build_response(version, 200, {})->content.kind == Kind::until_end);
    const auto empty = build_response(version, 200, {{"content-length", "0"}});
    CHECK(empty->content.kind == Kind::length);
    CHECK(empty->content.length == 0);
  }
  CHECK(
      build_response(HttpVersion::http11, 200, {{"transfer-encoding", "chunked"}})->content.kind ==
      Kind::until_end);
  for (const HttpVersion version : versions(H23)) {
    const Options ended{.body = false};
    CHECK(build_response(version, 200, {}, ended)->content.kind == Kind::none);
    CHECK(build_response(version, 200, {{"content-length", "0"}}, ended)->content.length == 0);
  }
}

TEST_CASE("R23: a stream that ends with its head has no content left to come") {
  const Options ended{.body = false};
  check({{H23, "length", kMalformed, {{"content-length", "5"}}, 200, ended},
         {H23, "length of an error", kMalformed, {{"content-length", "5"}}, 404, ended},
         {H23, "zero", kFine, {{"content-length", "0"}}, 200, ended},
         {H23, "informational", kMalformed, {}, 103, ended}});
}

TEST_CASE("R38: 101 on h1, 2xx on h2 and h3 open the tunnel that was asked for, nothing else") {
  for (const HttpVersion version : versions(All)) {
    const bool h1 = is_h1(version);
    const auto opened = build_response(version, h1 ? 101 : 204, {{"content-length", "5"}},
                                       {.asked = Method::connect});
    REQUIRE(opened);
    CHECK(opened->head.tunnel);
    CHECK(opened->head.status == (h1 ? 200 : 204));
    const auto other = build_response(version, h1 ? 200 : 101, {}, {.asked = Method::connect});
    CHECK(other.has_value() == h1);
    if (other) CHECK_FALSE(other->head.tunnel);
    CHECK_FALSE(build_response(version, 101, {}, {.asked = Method::get}));
    CHECK(opened->content.kind == Kind::until_end);
    CHECK(opened->head.headers.empty());  // RFC 9110 §9.3.6
    const auto refused =
        build_response(version, 403, {{"content-length", "5"}}, {.asked = Method::connect});
    REQUIRE(refused);
    CHECK_FALSE(refused->head.tunnel);
    CHECK(refused->content.length == 5);
  }
}

TEST_CASE("R23: names are tokens, in lower case in h2 and h3, and values have no line ends") {
  check({{All, "empty value", kFine, {{"x-a", ""}}},
         {All, "obs-text and tab", kFine, {{"x-a", "caf\xc3\xa9\t\xff"}}},
         {H1x, "upper case", kFine, {{"X-A", "b"}}},
         {H23, "upper case", kMalformed, {{"X-a", "b"}}},
         {All, "empty name", kMalformed, {{"", "b"}}},
         {All, "space in the name", kMalformed, {{"x a", "b"}}},
         {All, "space after the name", kMalformed, {{"x-a ", "b"}}},
         {All, "colon in the name", kMalformed, {{"x:a", "b"}}},
         {All, "pseudo field of a request", kMalformed, {{":path", "/"}}},
         {All, "NUL in the value", kMalformed, {{"x-a", std::string("b\0c", 3)}}},
         {All, "CR in the value", kMalformed, {{"x-a", "b\rc"}}},
         {All, "LF in the value", kMalformed, {{"x-a", "b\nc"}}},
         {All, "folded value", kMalformed, {{"x-a", "b\r\n c"}}},
         {H1x, "white space around the value", kFine, {{"x-a", " \tb "}}},
         {H23, "space before the value", kMalformed, {{"x-a", " b"}}},
         {H23, "tab after the value", kMalformed, {{"x-a", "b\t"}}}});
}

TEST_CASE("R27: connection fields are malformed in h2 and h3, in 1xx as well") {
  for (const unsigned status : {103U, 200U}) {
    check({{H23, "connection", kMalformed, {{"connection", "close"}}, status},
           {H23, "empty connection", kMalformed, {{"connection", ""}}, status},
           {H23, "keep-alive", kMalformed, {{"keep-alive", "timeout=5"}}, status},
           {H23, "proxy-connection", kMalformed, {{"proxy-connection", "close"}}, status},
           {H23, "transfer-encoding", kMalformed, {{"transfer-encoding", "chunked"}}, status},
           {H23, "upgrade", kMalformed, {{"upgrade", "h2c"}}, status},
           {H23, "te: gzip", kMalformed, {{"te", "gzip"}}, status},
           {All, "te: trailers", kFine, {{"te", "trailers"}}, status}});
  }
}

TEST_CASE("R34: informational heads come first, each with its own fields, and then one final") {
  const Limits limits;
  for (const HttpVersion version : versions(All)) {
    CAPTURE(name_of(version));
    ResponseBuilder builder(limits, spoken(version), Method::get);
    const auto first = receive(builder, version, 103, {{"link", "a"}});
    const auto second = receive(builder, version, 103, {{"link", "b"}});
    const auto last = receive(builder, version, 200, {{"x", "c"}});
    REQUIRE((first && second && last));
    CHECK(first->head.headers.get("link") == "a");
    CHECK(second->head.headers.get("link") == "b");
    CHECK(second->head.headers.size() == 1);
    CHECK(last->head.headers.size() == 1);
    CHECK_FALSE(last->head.headers.has("link"));
    CHECK(fault_of(receive(builder, version, 200, {})) == kMalformed);
  }
}

TEST_CASE("there may be `informational` heads before the final one, and not one more") {
  Limits limits;
  for (const std::size_t most : {limits.informational, std::size_t{0}}) {
    limits.informational = most;
    for (const HttpVersion version : versions(All)) {
      for (const std::size_t more : {0U, 1U}) {
        CAPTURE(name_of(version), most, more);
        ResponseBuilder builder(limits, spoken(version), Method::get);
        Received last;
        for (std::size_t i = 0; i < most + more; ++i) last = receive(builder, version, 102, {});
        last = receive(builder, version, 200, {});
        CHECK(fault_of(last) == (more == 0 ? kFine : std::optional(Fault::too_many_informational)));
      }
    }
  }
}

TEST_CASE("a head may have response_count fields and not one more, informational or final") {
  const Limits limits;
  for (const HttpVersion version : versions(All)) {
    for (const unsigned status : {103U, 200U}) {
      const auto fault = [&](std::size_t count) {
        return fault_of(build_response(version, status, Lines(count, {"x", ""})));
      };
      CAPTURE(name_of(version), status);
      CHECK(fault(limits.response_count) == kFine);
      CHECK(fault(limits.response_count + 1) == Fault::too_big);
    }
  }
}

TEST_CASE("a head may cost response_bytes, 32 for each line among them") {
  const Limits limits;
  for (const HttpVersion version : versions(All)) {
    const std::size_t base = is_h1(version) ? 0 : 7 + 3 + 32;  // :status
    const auto fault = [&](std::size_t cost) {
      return fault_of(build_response(version, 200, {{"x", std::string(cost - base - 33, 'v')}}));
    };
    CAPTURE(name_of(version));
    CHECK(fault(limits.response_bytes) == kFine);
    CHECK(fault(limits.response_bytes + 1) == Fault::too_big);
  }
  ResponseBuilder builder(limits, HttpVersion::http11, Method::get);
  const Lines half{{"x", std::string(limits.response_bytes / 2 + 1, 'v')}};
  CHECK(receive(builder, HttpVersion::http11, 103, half));
  CHECK(receive(builder, HttpVersion::http11, 200, half));  // each head has its own
}

TEST_CASE("Connection may name connection_options fields and not one more") {
  const Limits limits;
  const auto fault = [&](std::size_t count) {
    std::string names = "close,keep-alive,content-type,,";  // these do not count
    for (std::size_t i = 0; i < count; ++i) names += "x,";
    return fault_of(build_response(HttpVersion::http11, 200, {{"connection", names}}));
  };
  CHECK(fault(limits.connection_options) == kFine);
  CHECK(fault(limits.connection_options + 1) == Fault::too_big);
}

TEST_CASE("the first fault of a response stays, shows at once, and ends the storing") {
  const Limits limits;
  for (const HttpVersion version : versions(All)) {
    ResponseBuilder builder(limits, spoken(version), Method::get);
    set_status(builder, version, 200);
    CHECK_FALSE(builder.fault());
    builder.field("x", std::string(limits.response_bytes, 'v'));
    CHECK(builder.fault() == Fault::too_big);
    builder.field("bad name", "x");
    CHECK(fault_of(builder.finish(true)) == Fault::too_big);
    CHECK(fault_of(receive(builder, version, 200, {})) == Fault::too_big);
  }
}

TEST_CASE("random bytes as a response neither crash nor get past the rules") {
  SeededRandom random(7);
  const auto text = [&] {
    std::string out(random.below(12), ' ');
    for (char& c : out) c = static_cast<char>(random.below(256));
    return out;
  };
  for (int i = 0; i < 5000; ++i) {
    const auto version = static_cast<HttpVersion>(random.below(4));
    const auto received = build_response(version, static_cast<unsigned>(random.below(1000)),
                                         {{text(), text()}, {"x-b", text()}});
    if (!received) continue;
    for (const auto field : received->head.headers) {
      REQUIRE(valid_field_value(field.value));
      REQUIRE(ascii::is_token(field.name));
    }
  }
}
