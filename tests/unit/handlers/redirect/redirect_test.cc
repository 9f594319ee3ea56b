#include "handlers/redirect/redirect.h"

#include <catch2/catch_test_macros.hpp>

#include "unit/handlers/files/handler_bench.h"

using namespace troika;
using namespace troika::test;

namespace {

HandlerCall redirect(std::uint16_t port, std::string authority, std::string target) {
  Bench bench;
  Request request;
  request.authority = std::move(authority);
  request.target.raw = std::move(target);
  RedirectHandler handler(port);
  return {bench, handler, std::move(request)};
}

}  // namespace

TEST_CASE("A redirect keeps host and target, and changes the port") {
  struct Row {
    std::uint16_t port;
    std::string authority, target, location;
  };
  for (const Row& row :
       std::initializer_list<Row>{{443, "example.org", "/a?b", "https://example.org/a?b"},
                                  {443, "example.org:80", "/", "https://example.org/"},
                                  {443, "a", "/@b%2fc", "https://a/@b%2fc"},
                                  {8443, "example.org:8080", "/", "https://example.org:8443/"},
                                  {8443, "[::1]:8080", "/", "https://[::1]:8443/"},
                                  {443, "[::1]", "/", "https://[::1]/"},
                                  {443, "a", "//evil.example/", "https://a//evil.example/"}}) {
    const HandlerCall call = redirect(row.port, row.authority, row.target);
    CHECK(call.job == nullptr);
    CHECK(call.status() == 308);
    CHECK(call.field("location") == row.location);
  }
}

TEST_CASE("Without a host, or for OPTIONS *, there is nowhere to go: 400") {
  CHECK(redirect(443, "", "/").status() == 400);
  CHECK(redirect(443, "a", "*").status() == 400);
}
