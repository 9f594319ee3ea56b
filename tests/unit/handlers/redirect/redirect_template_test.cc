#include "handlers/redirect/redirect_template.h"

#include <catch2/catch_test_macros.hpp>

#include "http/message/target.h"

using namespace troika;

namespace {

// What a request for `target` with this host gets; "400": nothing to lead to.
std::string led(std::string_view text, std::string_view host, std::string_view target,
                std::size_t prefix = 0) {
  const auto made = parse_redirect(text);
  if (!made) return made.error();
  const auto parsed = parse_target(target);
  REQUIRE(parsed);
  const std::string_view path = parsed->path;
  return made
      ->fill_in({.host = host,
                 .path = path,
                 .rest = path.substr(prefix),
                 .query = parsed->query,
                 .encoded_slash = parsed->encoded_slash})
      .value_or("400");
}

}  // namespace

TEST_CASE("A redirect leads where its template says") {
  const struct {
    std::string_view to, host, target, location;
    std::size_t prefix = 0;
  } rows[] = {
      {"/new", "a.org", "/old?x", "/new"},
      {"https://b.org{path}{query}", "a.org", "/x/y?q=1", "https://b.org/x/y?q=1"},
      {"https://b.org{path}{query}", "a.org", "/", "https://b.org/"},
      {"https://{host}:8443{path}", "a.org", "/x", "https://a.org:8443/x"},
      {"https://{host}/", "[::1]", "/x", "https://[::1]/"},
      {"https://{host.1}.b.org{path}", "shop.a.org", "/x", "https://shop.b.org/x"},
      {"http://b.org/{host.2}", "shop.a.org", "/x", "http://b.org/a"},
      {"/new{rest}{query}", "a.org", "/old/x?q", "/new/x?q", 4},
      {"/new{rest}", "a.org", "/old", "/new", 4},
      {"/new/{rest}", "a.org", "/old/x", "/new/x", 4},
      {"{path}/", "a.org", "/x", "/x/"},
      {"/x#part", "a.org", "/", "/x#part"},
      {"/x?a=b", "a.org", "/?c", "/x?a=b"},
      // Encoded as they must be.
      {"{path}", "a.org", "/%C3%A9%20%25", "/%C3%A9%20%25"},
      {"{path}", "a.org", "/a%2Fb", "/a%2Fb"},
      {"{path}", "a.org", "/a%2fb", "/a%2Fb"},
      {"{path}", "a.org", "/a%252Fb", "/a%252Fb"},
      {"/x{query}", "a.org", "/?a%20\"<b", "/x?a%20%22%3Cb"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.to, row.host, row.target);
    CHECK(led(row.to, row.host, row.target, row.prefix) == row.location);
  }
}

TEST_CASE("A request cannot make a redirect lead to another host or into another line") {
  const struct {
    std::string_view to, host, target, location;
    std::size_t prefix = 0;
  } rows[] = {
      {"{path}", "a.org", "//evil.org/", "/evil.org/"},
      {"/{rest}", "a.org", "/old/evil.org", "/evil.org", 4},
      {"/{path}", "a.org", "//evil.org", "/evil.org"},
      {"{path}{rest}", "a.org", "/", "/"},
      {"https://b.org{path}", "a.org", "/@evil.org", "https://b.org/@evil.org"},
      {"https://b.org{rest}", "a.org", "/old", "https://b.org/", 4},
      {"https://b.org{rest}.evil.org", "a.org", "/old", "https://b.org/.evil.org", 4},
      {"{path}//evil.org", "a.org", "/", "/evil.org"},
      {"{path}//", "a.org", "/", "/"},
      {"{path}", "a.org", "/a%0D%0Aset-cookie:x", "/a%0D%0Aset-cookie:x"},
      {"{path}", "a.org", "/%09/evil.org", "/%09/evil.org"},
      {"{path}", "a.org", "/.%2F/evil.org", "/.%2F/evil.org"},
      {"https://{host.1}.b.org/", "evil.org%2F.a.org", "/", "https://evil.b.org/"},
      {"https://{host}/", "evil.org%2F.a.org", "/", "400"},
      {"https://{host.1}.b.org/", "ev%2Fil.a.org", "/", "400"},
      {"https://{host.1}.b.org/", "e!l.a.org", "/", "400"},
      {"https://{host}/", "", "/", "400"},
      {"https://{host.3}.b.org/", "a.org", "/", "400"},
      {"https://{host.1}.b.org/", "[::1]", "/", "400"},
      {"https://{host.1}.b.org/", ".org", "/", "400"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.to, row.host, row.target);
    CHECK(led(row.to, row.host, row.target, row.prefix) == row.location);
  }
}

TEST_CASE("What is wrong with a template is said in a sentence") {
  const struct {
    std::string_view to, error;
  } rows[] = {
      {"", "must be a URL that begins with"},
      {"new", "must be a URL that begins with"},
      {"//evil.org", "must be a URL that begins with"},
      {"ftp://a.org/", "must be a URL that begins with"},
      {"javascript:alert(1)", "must be a URL that begins with"},
      {"{rest}", "must be a URL that begins with"},
      {"{host}/x", "must be a URL that begins with"},
      {"https://", "has no valid host"},
      {"https:///x", "has no valid host"},
      {"https://{path}", "has no valid host"},
      {"https://user@a.org/", "has no valid host"},
      {"https://a.org:99999/", "has no valid host"},
      {"https://a.org:{host.1}/", "has no valid host"},
      {"https://a.org{query}", "has {query} right after its host"},
      {"/a b", "has a character that no URL may have"},
      {"/a\r\nx: y", "has a character that no URL may have"},
      {"/\\evil.org", "has a character that no URL may have"},
      {"/100%", "has a character that no URL may have"},
      {"/a}", "has a character that no URL may have"},
      {"/\xC3\xA9", "has a character that no URL may have"},
      {"/{path", "has a { without its }"},
      {"/{Path}", "{Path} is not known here"},
      {"/{}", "{} is not known here"},
      {"/{host.0}", "{host.0} is no label"},
      {"/{host.}", "{host.} is no label"},
      {"/{host.-1}", "{host.-1} is no label"},
      {"/{host.128}", "{host.128} is no label"},
      {"/x?a=1{query}", "has {query} after a ? or #"},
      {"/x#a{query}", "has {query} after a ? or #"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.to);
    const auto made = parse_redirect(row.to);
    REQUIRE_FALSE(made);
    CHECK(made.error().starts_with(row.error));
  }
  CHECK(parse_redirect("/{host.127}"));
}
