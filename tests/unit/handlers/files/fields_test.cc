#include "handlers/files/fields.h"

#include <catch2/catch_test_macros.hpp>

using namespace troika;

namespace {

using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string cache_value(std::string_view rule) {
  const auto parsed = parse_cache_rule("*=" + std::string(rule));
  return parsed ? parsed->value : parsed.error();
}

HeaderMap cors(std::vector<std::string> origins, Method method, Fields fields) {
  SiteOptions options;
  options.cors = std::move(origins);
  Request request;
  request.method = method;
  for (const auto& [name, value] : fields) request.headers.add(name, value);
  HeaderMap headers;
  add_cors(options, request, headers);
  return headers;
}

std::string_view field(const HeaderMap& headers, std::string_view name) {
  return headers.get(name).value_or("(none)");
}

}  // namespace

TEST_CASE("a glob without a slash is held against the last segment, any other against all") {
  CHECK(matches_glob("*.css", "main.css"));
  CHECK(matches_glob("*.css", "a/b/main.css"));
  CHECK_FALSE(matches_glob("*.css", "main.css/a"));
  CHECK(matches_glob("assets/*", "assets/a.js"));
  CHECK(matches_glob("assets/*", "assets/js/a.js"));
  CHECK_FALSE(matches_glob("assets/*", "old/assets/a.js"));
  CHECK(matches_glob("*/assets/*.js", "old/assets/js/a.js"));
  CHECK(matches_glob("a?.[jc]s", "x/ab.js"));
  CHECK_FALSE(matches_glob("a?.[jc]s", "x/ab.ts"));
  CHECK(matches_glob("*", ".hidden"));
  CHECK(matches_glob("*", ""));
  CHECK(matches_glob("a\\*", "a*"));
  CHECK_FALSE(matches_glob("a\\*", "ab"));
  CHECK_FALSE(matches_glob("*.CSS", "main.css"));
}

TEST_CASE("a slash in front holds a glob to the top of the folder") {
  CHECK(matches_glob("/assets/*", "assets/a.js"));
  CHECK(matches_glob("/index.html", "index.html"));
  CHECK_FALSE(matches_glob("/index.html", "a/index.html"));
}

TEST_CASE("a segment of two stars stands for any folders or none") {
  for (const std::string_view glob : {"**/x.js", "/**/x.js", "**/**/x.js"}) {
    CAPTURE(glob);
    CHECK(matches_glob(glob, "x.js"));
    CHECK(matches_glob(glob, "a/x.js"));
    CHECK(matches_glob(glob, "a/b/x.js"));
    CHECK_FALSE(matches_glob(glob, "ax.js"));
    CHECK_FALSE(matches_glob(glob, "x.js/y"));
  }
  CHECK(matches_glob("a/**/x.js", "a/x.js"));
  CHECK(matches_glob("a/**/x.js", "a/b/c/x.js"));
  CHECK_FALSE(matches_glob("a/**/x.js", "b/a/x.js"));
  CHECK_FALSE(matches_glob("a/**/x.js", "ax.js"));
  CHECK(matches_glob("**/a/**/x.js", "a/x.js"));
  CHECK(matches_glob("**/a/**/x.js", "b/a/c/x.js"));
  CHECK(matches_glob("a/**", "a/b/c"));
  CHECK_FALSE(matches_glob("a**/x.js", "x.js"));
  CHECK_FALSE(matches_glob("a**/x.js", "ax.js"));
}

TEST_CASE(
    "a cache rule without a glob, with braces or with a list of globs is told what to write") {
  const auto read = [](std::string_view text) {
    const auto parsed = parse_cache_rule(text);
    return parsed ? parsed->glob : parsed.error();
  };
  CHECK(read("max-age=60") ==
        "--cache \"max-age=60\" has a rule but no glob: write '*=max-age=60' for all files");
  CHECK(read("public, max-age=60").ends_with("write '*=public, max-age=60' for all files"));
  CHECK(read("private=7d").ends_with("write '*=RULE' for all files"));
  CHECK(read("Max-Age=60").contains("no glob"));
  CHECK(read("*.{js,css}=7d").contains("knows no braces, as in \"*.{js,css}\""));
  CHECK(read("a{=7d").contains("knows no braces"));
  CHECK(read("a}=7d").contains("knows no braces"));
  CHECK(read("*.js,*.css=7d").contains("one glob without a comma or a space, not \"*.js,*.css\""));
  CHECK(read("a b=7d").contains("one glob without a comma or a space"));
  CHECK(read(" *=7d").contains("one glob without a comma or a space"));
  CHECK(read("a\t=7d").contains("one glob without a comma or a space"));
  CHECK(read("/private=7d") == "/private");
  CHECK(read("max-age.js=7d") == "max-age.js");
  CHECK(read("a?b=7d") == "a?b");
}

TEST_CASE("a cache rule is a word, a time or directives") {
  CHECK(cache_value("immutable") == "public, max-age=31536000, immutable");
  CHECK(cache_value("no-store") == "no-store");
  CHECK(cache_value("no-cache") == "no-cache");
  CHECK(cache_value("0") == "public, max-age=0");
  CHECK(cache_value("90") == "public, max-age=90");
  CHECK(cache_value("90s") == "public, max-age=90");
  CHECK(cache_value("10m") == "public, max-age=600");
  CHECK(cache_value("12h") == "public, max-age=43200");
  CHECK(cache_value("7d") == "public, max-age=604800");
  CHECK(cache_value("private, max-age=60") == "private, max-age=60");
  CHECK(cache_value(" private ,max-age=60,stale-while-revalidate=9 ") ==
        "private, max-age=60, stale-while-revalidate=9");
  const auto rule = parse_cache_rule("a/*.js=max-age=1");
  REQUIRE(rule);
  CHECK(rule->glob == "a/*.js");
  CHECK(rule->value == "max-age=1");
}

TEST_CASE("a time goes to 2^31 seconds and no further") {
  CHECK(cache_value("2147483648") == "public, max-age=2147483648");
  CHECK(cache_value("24855d") == "public, max-age=2147472000");
  CHECK(cache_value("max-age=2147483648") == "max-age=2147483648");
  for (const std::string_view rule : {"2147483649", "24856d", "max-age=2147483649",
                                      "99999999999999999999", "99999999999999999999d"}) {
    CHECK(cache_value(rule).contains("is no rule"));
  }
}

TEST_CASE("what is no cache rule is named") {
  for (const std::string_view rule :
       {"", "imutable", "7w", "d", "-1", "1.5h", "1 d", "max-age", "max-age=", "max-age=x",
        "max-age=1d", "no-store=1", "public,", ",public", "public max-age=1", "no-store\r\nX: y"}) {
    CAPTURE(rule);
    CHECK(cache_value(rule).contains("*=\"" + std::string(rule) + "\" is no rule: take"));
  }
  CHECK(parse_cache_rule("*.css").error().contains("not \"*.css\""));
  CHECK(parse_cache_rule("=7d").error().contains("GLOB=RULE"));
  CHECK(parse_cache_rule("").error().contains("GLOB=RULE"));
}

TEST_CASE("the first rule that matches counts, and without one nothing is kept unasked") {
  SiteOptions options;
  CHECK(cache_control_of(options, "a.css") == "no-cache");
  options.cache = {{"*.css", "one"}, {"assets/*", "two"}, {"*", "three"}};
  CHECK(cache_control_of(options, "assets/a.css") == "one");
  CHECK(cache_control_of(options, "assets/a.js") == "two");
  CHECK(cache_control_of(options, "index.html") == "three");
}

TEST_CASE("a field of --header has a name in lower case and a trimmed value") {
  const auto read = [](std::string_view text) {
    const auto parsed = parse_header_option(text);
    if (!parsed) return parsed.error();
    return parsed->name + "|" + parsed->value + (parsed->glob.empty() ? "" : "|" + parsed->glob);
  };
  CHECK(read("X-Frame-Options: DENY") == "x-frame-options|DENY");
  CHECK(read("a:b") == "a|b");
  CHECK(read("Link: \t</a>; rel=\"x:y\" \t") == "link|</a>; rel=\"x:y\"");
  CHECK(read("A: \xc3\xa9") == "a|\xc3\xa9");
  CHECK(read("Cache-Control: no-store") == "cache-control|no-store");
  CHECK(read("Set-Cookie: a=b") == "set-cookie|a=b");

  CHECK(read("*.wasm=X-A: b") == "x-a|b|*.wasm");
  CHECK(read("*=a:b") == "a|b|*");
  CHECK(read("/assets/**/*.js=A: b=c: d") == "a|b=c: d|/assets/**/*.js");
  CHECK(read("a=b=C: d") == "c|d|a=b");  // an equals sign in a path
  CHECK(read("=A: b").contains("has no glob before its equals sign: write '*=A: VALUE'"));
  CHECK(read("*.{js,css}=A: b").contains("--header knows no braces"));
  CHECK(read("*.js, *.css=A: b").contains("--header takes one glob"));
  CHECK(read("*.js=: b").contains("no name of a field"));
  CHECK(read("*.js=A B: b").contains("no name of a field"));
  CHECK(read("*.js=A:").contains("a has no value"));
  CHECK(read("*.js=ETag: b").contains("which the server sets itself"));
  CHECK(read("*.js: b").contains("has a glob but no name: write '*.js=NAME: VALUE'"));

  CHECK(read("X-Frame-Options DENY").contains("no colon"));
  CHECK(read("").contains("no colon"));
  for (const std::string_view text :
       {": b", " a: b", "a : b", "a b: c", ":status: 200", "\xc3: a"}) {
    CAPTURE(text);
    CHECK(read(text).contains("no name of a field"));
  }
  CHECK(read("a:").contains("a has no value"));
  CHECK(read("a: \t").contains("a has no value"));
  for (const std::string_view text : {"a: b\r\nc: d", "a: b\nc", "a: \x01", "a: \x7f"}) {
    CHECK(read(text).contains("a has a control character"));
  }
  using namespace std::string_view_literals;
  CHECK(read("a: b\0c"sv).contains("a has a control character"));
}

TEST_CASE("fields that the server answers for cannot be set") {
  for (const std::string name : {"Accept-Ranges",
                                 "Alt-Svc",
                                 "Connection",
                                 "Content-Digest",
                                 "Content-Encoding",
                                 "Content-Length",
                                 "Content-Range",
                                 "Content-Type",
                                 "Date",
                                 "ETag",
                                 "Keep-Alive",
                                 "Last-Modified",
                                 "Location",
                                 "Proxy-Connection",
                                 "Repr-Digest",
                                 "Server",
                                 "TE",
                                 "Trailer",
                                 "Transfer-Encoding",
                                 "Upgrade",
                                 "Vary"}) {
    CAPTURE(name);
    const auto parsed = parse_header_option(name + ": x");
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().contains("which the server sets itself"));
  }
}

TEST_CASE("an error page is a status and a file beneath the root") {
  const auto read = [](std::string_view text) {
    const auto parsed = parse_error_page(text);
    return parsed ? std::to_string(parsed->first) + "|" + parsed->second : parsed.error();
  };
  CHECK(read("404=/errors/404.html") == "404|errors/404.html");
  CHECK(read("404=404.html") == "404|404.html");
  CHECK(read("404=/a=b") == "404|a=b");
  for (const std::string code : {"404", "405", "406", "412", "416", "500", "503"}) {
    CHECK(read(code + "=/a") == code + "|a");
  }
  // 400 and the like are found before a handler sees the request.
  for (const std::string_view text :
       {"200=/a",  "304=/a", "400=/a",  "403=/a",  "408=/a",   "413=/a", "414=/a",
        "417=/a",  "431=/a", "501=/a",  "502=/a",  "599=/a",   "404",    "=/a",
        "404.=/a", "x=/a",   "+404=/a", " 404=/a", "65940=/a", "",       "/404.html"}) {
    CAPTURE(text);
    CHECK(read(text).contains("where CODE is 404, 405, 406, 412, 416, 500 or 503"));
    CHECK(read(text).contains("not \"" + std::string(text) + "\""));
  }
  for (const std::string_view text :
       {"404=", "404=/", "404=//a", "404=/a/", "404=/a//b", "404=/../a", "404=/a/..", "404=/./a"}) {
    CAPTURE(text);
    CHECK(read(text).contains("path of a file in the folder"));
  }
}

TEST_CASE("a type of --type is a media type with parameters, for an extension") {
  const auto read = [](std::string_view text) {
    const auto parsed = parse_type_option(text);
    return parsed ? parsed->first + "|" + parsed->second : parsed.error();
  };
  CHECK(read("md=text/plain") == "md|text/plain");
  CHECK(read(".MD= text/plain\t") == "md|text/plain");
  CHECK(read("html=text/html; charset=iso-8859-1") == "html|text/html; charset=iso-8859-1");
  CHECK(read("c++=Text/X-C++;A=b ; c=\"d;=\\\"e\"") == "c++|Text/X-C++;A=b ; c=\"d;=\\\"e\"");
  CHECK(read("x=a/b;c=\"\"") == "x|a/b;c=\"\"");
  for (const std::string_view text : {"", "md", "=text/plain", ".=text/plain", "*.md=text/plain",
                                      "tar.gz=a/b", "a/b=c/d", "{a,b}=c/d", "a b=c/d", "..a=c/d"}) {
    CAPTURE(text);
    CHECK(read(text).contains("--type takes EXT=TYPE"));
    CHECK(read(text).contains("not \"" + std::string(text) + "\""));
  }
  for (const std::string_view type : {"",
                                      "text",
                                      "text/",
                                      "/plain",
                                      "text/*",
                                      "text/a b",
                                      "text/a/b",
                                      "text /plain",
                                      "text/plain;",
                                      "text/plain; ;a=b",
                                      "text/plain; charset",
                                      "text/plain; =a",
                                      "text/plain; a=",
                                      "text/plain; a = b",
                                      "text/plain; a=\"b",
                                      "text/plain; a=\"b\"c",
                                      "text/plain; a=\"b\\\"",
                                      "text/plain, a/b",
                                      "text/plain\r\na: b",
                                      "text/plain; a=\"\x01\""}) {
    CAPTURE(type);
    CHECK(read("md=" + std::string(type)).contains("md=\"" + std::string(type) + "\" is no media"));
  }
}

TEST_CASE("an origin is taken as a browser sends it") {
  const auto read = [](std::string_view text) {
    const auto parsed = parse_cors_origin(text);
    return parsed ? *parsed : parsed.error();
  };
  CHECK(read("*") == "*");
  CHECK(read("https://example.org") == "https://example.org");
  CHECK(read("HTTPS://Example.ORG:8443") == "https://example.org:8443");
  CHECK(read("https://example.org:443") == "https://example.org");
  CHECK(read("http://example.org:80") == "http://example.org");
  CHECK(read("http://example.org:443") == "http://example.org:443");
  CHECK(read("https://[::1]:8443") == "https://[::1]:8443");
  CHECK(read("https://[::1]:443") == "https://[::1]");
  CHECK(read("https://[::443]") == "https://[::443]");
  CHECK(read("capacitor://localhost") == "capacitor://localhost");
  for (const std::string_view text :
       {"", "**", "null", "example.org", "https:example.org", "https://", "https://example.org/",
        "https://example.org/a", "https://user@example.org",
        "https://example.org:", "https://example.org:70000", "https://*.example.org",
        "://example.org", "1s://a", "https://a b", "https://a,https://b", "https://a\r\nb"}) {
    CAPTURE(text);
    CHECK(read(text).contains("--cors takes"));
  }
}

TEST_CASE("without --cors nothing is added") {
  CHECK(cors({}, Method::get, {{"origin", "https://a.test"}}).empty());
}

TEST_CASE("a star lets everybody read, whether an origin is named or not") {
  for (const Fields fields : {Fields{}, Fields{{"origin", "https://a.test"}}}) {
    const HeaderMap headers = cors({"*"}, Method::get, fields);
    CHECK(headers.size() == 2);
    CHECK(field(headers, "access-control-allow-origin") == "*");
    CHECK(field(headers, "access-control-expose-headers") == "*");
  }
}

TEST_CASE("an origin that is named is echoed, and Vary tells that it depends on it") {
  const std::vector<std::string> origins{"https://a.test", "https://b.test"};
  const HeaderMap known = cors(origins, Method::get, {{"origin", "https://b.test"}});
  CHECK(known.size() == 3);
  CHECK(field(known, "vary") == "origin");
  CHECK(field(known, "access-control-allow-origin") == "https://b.test");
  CHECK(field(known, "access-control-expose-headers") == "*");

  for (const Fields fields :
       {Fields{}, Fields{{"origin", "https://c.test"}}, Fields{{"origin", "null"}},
        Fields{{"origin", "https://a.test.evil.test"}}, Fields{{"origin", "HTTPS://A.TEST"}},
        Fields{{"origin", "*"}},
        Fields{{"origin", "https://a.test"}, {"origin", "https://c.test"}}}) {
    const HeaderMap other = cors(origins, Method::get, fields);
    CHECK(other.size() == 1);
    CHECK(field(other, "vary") == "origin");
  }
}

TEST_CASE("a preflight is told what may be asked") {
  const HeaderMap headers = cors({"*"}, Method::options,
                                 {{"origin", "https://a.test"},
                                  {"access-control-request-method", "GET"},
                                  {"access-control-request-headers", "range,x-a , ,X-B"}});
  CHECK(field(headers, "access-control-allow-origin") == "*");
  CHECK(field(headers, "access-control-allow-methods") == "GET, HEAD, OPTIONS");
  CHECK(field(headers, "access-control-allow-headers") == "range, x-a, X-B");
  CHECK(field(headers, "access-control-max-age") == "86400");
}

TEST_CASE("names of fields are given back only when they are names") {
  for (const std::string_view names : {"", ",", "a b", "a, b;c", "a\x01", "\"a\""}) {
    CAPTURE(names);
    const HeaderMap headers = cors({"*"}, Method::options,
                                   {{"origin", "https://a.test"},
                                    {"access-control-request-method", "GET"},
                                    {"access-control-request-headers", names}});
    CHECK_FALSE(headers.has("access-control-allow-headers"));
    CHECK(headers.has("access-control-allow-methods"));
  }
}

TEST_CASE("only OPTIONS with an origin and a method is a preflight, and only for who may read") {
  const auto is_preflight = [](std::vector<std::string> origins, Method method, Fields fields) {
    return cors(std::move(origins), method, fields).has("access-control-allow-methods");
  };
  const Fields both{{"origin", "https://a.test"}, {"access-control-request-method", "GET"}};
  CHECK(is_preflight({"https://a.test"}, Method::options, both));
  CHECK_FALSE(is_preflight({"https://b.test"}, Method::options, both));
  CHECK_FALSE(is_preflight({"*"}, Method::get, both));
  CHECK_FALSE(is_preflight({"*"}, Method::options, {{"origin", "https://a.test"}}));
  CHECK_FALSE(is_preflight({"*"}, Method::options, {{"access-control-request-method", "GET"}}));
}

TEST_CASE("a name is in Vary once") {
  HeaderMap headers;
  add_vary(headers, "accept-encoding");
  CHECK(field(headers, "vary") == "accept-encoding");
  add_vary(headers, "origin");
  add_vary(headers, "origin");
  CHECK(field(headers, "vary") == "accept-encoding, origin");
  add_vary(headers, "accept");
  CHECK(field(headers, "vary") == "accept-encoding, origin, accept");
  CHECK(headers.count("vary") == 1);

  HeaderMap upper;
  upper.add("vary", "Accept ,Origin");
  upper.add("vary", "A");
  add_vary(upper, "origin");
  CHECK(upper.count("vary") == 2);
  add_vary(upper, "b");
  CHECK(upper.count("vary") == 1);
  CHECK(field(upper, "vary") == "Accept, Origin, A, b");

  HeaderMap star;
  star.add("vary", "*");
  add_vary(star, "origin");
  CHECK(field(star, "vary") == "*");
}
