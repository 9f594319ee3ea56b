#include "handlers/files/fields.h"

#include <catch2/catch_test_macros.hpp>

#include "support/words.h"

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

TEST_CASE("the first rule that matches counts, and without one nothing is kept unasked") {
  SiteOptions options;
  CHECK(cache_control_of(options, "a.css") == "no-cache");
  options.cache = {{"*.css", "one"}, {"assets/*", "two"}, {"*", "three"}};
  CHECK(cache_control_of(options, "assets/a.css") == "one");
  CHECK(cache_control_of(options, "assets/a.js") == "two");
  CHECK(cache_control_of(options, "index.html") == "three");
}

// What tools/parity/tables/cors.table does not say.
TEST_CASE("an origin in upper case is another one, and two of them are none") {
  for (const Fields fields : {Fields{{"origin", "HTTPS://A.TEST"}},
                              Fields{{"origin", "https://a.test"}, {"origin", "https://c.test"}}}) {
    const HeaderMap headers = cors({"https://a.test"}, Method::get, fields);
    CHECK(headers.size() == 1);
    CHECK(field(headers, "vary") == "origin");
  }
}

TEST_CASE("names of fields are given back in one list, and only when they are names") {
  for (const auto& [asked, given] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"range,x-a , ,X-B", "range, x-a, X-B"},
           {"", "(none)"},
           {",", "(none)"},
           {"a b", "(none)"},
           {"a, b;c", "(none)"},
           {"a\x01", "(none)"},
           {"\"a\"", "(none)"}}) {
    CAPTURE(asked);
    const HeaderMap headers = cors({"*"}, Method::options,
                                   {{"origin", "https://a.test"},
                                    {"access-control-request-method", "GET"},
                                    {"access-control-request-headers", asked}});
    CHECK(field(headers, "access-control-allow-headers") == given);
    CHECK(headers.has("access-control-allow-methods"));
  }
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
