#include "config/site_values.h"

#include <catch2/catch_test_macros.hpp>
#include <ranges>

#include "support/words.h"

using namespace troika;

namespace {

std::string cache_value(std::string_view rule) {
  const auto parsed = parse_cache_rule("*=" + std::string(rule));
  return parsed ? parsed->value : parsed.error();
}

}  // namespace

TEST_CASE(
    "a cache rule without a glob, with braces or with a list of globs is told what to write") {
  const auto read = [](std::string_view text) {
    const auto parsed = parse_cache_rule(text);
    return parsed ? parsed->glob : parsed.error();
  };
  CHECK(read("max-age=60") ==
        "\"max-age=60\" has a rule but no glob: write '*=max-age=60' for all files");
  CHECK(read("public, max-age=60").ends_with("write '*=public, max-age=60' for all files"));
  CHECK(read("private=7d").ends_with("write '*=RULE' for all files"));
  CHECK(read("Max-Age=60").contains("no glob"));
  CHECK(read("*.{js,css}=7d") ==
        "does not support braces (\"*.{js,css}\"): give it once for each alternative, like "
        "'*.js=7d' and '*.css=7d'");
  CHECK(read("a{=7d").contains("does not support braces"));
  CHECK(read("a}=7d").contains("does not support braces"));
  CHECK(read("*.js,*.css=7d")
            .contains("must have one glob without a comma or a space, not \"*.js,*.css\""));
  CHECK(read("a b=7d").contains("one glob without a comma or a space"));
  CHECK(read(" *=7d").contains("one glob without a comma or a space"));
  CHECK(read("a\t=7d").contains("one glob without a comma or a space"));
  CHECK(read("/private=7d") == "/private");
  CHECK(read("max-age.js=7d") == "max-age.js");
  CHECK(read("a?b=7d") == "a?b");
}

TEST_CASE("a cache rule is a word, a time or directives") {
  CHECK(cache_value("immutable") == "public, max-age=31536000, immutable");
  CHECK(cache_value(" \timmutable ") == "public, max-age=31536000, immutable");
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
  // Up to 2^31 seconds and no further.
  CHECK(cache_value("2147483648") == "public, max-age=2147483648");
  CHECK(cache_value("24855d") == "public, max-age=2147472000");
  CHECK(cache_value("max-age=2147483648") == "max-age=2147483648");
}

TEST_CASE("what is no cache rule is named") {
  for (const std::string_view rule : {"",
                                      "imutable",
                                      "7w",
                                      "d",
                                      "-1",
                                      "1.5h",
                                      "1 d",
                                      "max-age",
                                      "max-age=",
                                      "max-age=x",
                                      "max-age=1d",
                                      "no-store=1",
                                      "public,",
                                      ",public",
                                      "public max-age=1",
                                      "no-store\r\nX: y",
                                      "2147483649",
                                      "24856d",
                                      "max-age=2147483649",
                                      "99999999999999999999",
                                      "99999999999999999999d"}) {
    CAPTURE(rule);
    CHECK(cache_value(rule).contains("*=\"" + std::string(rule) + "\" is not a valid rule: use"));
  }
  CHECK(parse_cache_rule("*.css").error().contains("not \"*.css\""));
  CHECK(parse_cache_rule("=7d").error().contains("GLOB=RULE"));
  CHECK(parse_cache_rule("").error().contains("GLOB=RULE"));
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
  CHECK(read("*.{js,css}=A: b").contains("does not support braces"));
  CHECK(read("*.js=A B: b").contains("is not a field name"));
  CHECK(read("*.js: b").contains("has a glob but no name: write '*.js=NAME: VALUE'"));

  CHECK(read("X-Frame-Options DENY").contains("no colon"));
  CHECK(read("").contains("no colon"));
  for (const std::string_view text :
       {": b", " a: b", "a : b", "a b: c", ":status: 200", "\xc3: a"}) {
    CAPTURE(text);
    CHECK(read(text).contains("is not a field name"));
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
  for (const std::string& name : test::words_of(
           "Accept-Ranges Alt-Svc Connection Content-Digest Content-Encoding Content-Length "
           "Content-Range Content-Type Date ETag Keep-Alive Last-Modified Location "
           "Proxy-Connection Repr-Digest Server TE Trailer Transfer-Encoding Upgrade Vary")) {
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
    CHECK(read(text).contains("must be EXT=TYPE"));
    CHECK(read(text).contains("not \"" + std::string(text) + "\""));
  }
  constexpr std::string_view kWrong =
      "|text|text/|/plain|text/*|text/a b|text/a/b|text /plain|text/plain;|text/plain; ;a=b|"
      "text/plain; charset|text/plain; =a|text/plain; a=|text/plain; a = b|text/plain; a=\"b|"
      "text/plain; a=\"b\"c|text/plain; a=\"b\\\"|text/plain, a/b|text/plain\r\na: b|"
      "text/plain; a=\"\x01\"";
  for (const auto part : std::views::split(kWrong, '|')) {
    const std::string type(std::string_view{part});
    CAPTURE(type);
    CHECK(read("md=" + type).contains("md=\"" + type + "\" is not a media"));
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
    CHECK(read(text).contains("must be '*' or an origin"));
  }
}
