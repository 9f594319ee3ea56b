#include "handlers/files/fields.h"

#include <catch2/catch_test_macros.hpp>

using namespace troika;

namespace {

using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

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

TEST_CASE("the first rule that matches counts, and without one nothing is kept unasked") {
  SiteOptions options;
  CHECK(cache_control_of(options, "a.css") == "no-cache");
  options.cache = {{"*.css", "one"}, {"assets/*", "two"}, {"*", "three"}};
  CHECK(cache_control_of(options, "assets/a.css") == "one");
  CHECK(cache_control_of(options, "assets/a.js") == "two");
  CHECK(cache_control_of(options, "index.html") == "three");
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
