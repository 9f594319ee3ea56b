#include "handlers/router/router.h"

#include <catch2/catch_test_macros.hpp>

#include "handlers/router/actions.h"
#include "unit/handlers/files/handler_bench.h"

using namespace troika;
using namespace troika::test;

namespace {

// Says which action it is, what it sees, and which error it was to respond with.
class Echo final : public RouteAction {
 public:
  explicit Echo(std::string name) : name_(std::move(name)) {}
  std::unique_ptr<Job> act(RequestContext context, Responder& responder,
                           std::string_view path) override {
    const std::string text = name_ + ":" + std::string(path);
    std::ignore = responder.respond({}, text_body(context.services.pool, text));
    return nullptr;
  }
  std::unique_ptr<Job> fail(RequestContext context, Responder& responder, std::uint16_t status,
                            HeaderMap fields) override {
    std::ignore = responder.respond({.status = status, .headers = std::move(fields)},
                                    text_body(context.services.pool, name_ + " is sorry"));
    return nullptr;
  }

 private:
  std::string name_;
};

struct Stage {
  explicit Stage(std::vector<SiteSpec> sites)
      : table(std::make_shared<const SiteTable>(std::move(sites))) {}

  HandlerCall ask(std::string_view method, std::string_view authority, std::string_view raw) {
    Request request = request_for(method, raw);
    request.authority = authority;
    return {bench, router, std::move(request)};
  }
  HandlerCall get(std::string_view authority, std::string_view raw) {
    return ask("GET", authority, raw);
  }

  std::unique_ptr<RouteAction> make(const SiteAction& action) {
    ++made;
    if (const auto* files = std::get_if<FilesSpec>(&action.spec)) {
      return std::make_unique<Echo>(files->root);
    }
    if (const auto* redirect = std::get_if<RedirectSpec>(&action.spec)) {
      return std::make_unique<RedirectAction>(*redirect, action.headers);
    }
    return std::make_unique<RespondAction>(std::get<RespondSpec>(action.spec), action.headers);
  }

  Bench bench;
  std::shared_ptr<const SiteTable> table;
  int made = 0;
  Router router{table, [this](const SiteAction& action) { return make(action); }, 8443};
};

RouteSpec files(std::string root, RouteSpec route = {}) {
  route.action = FilesSpec{std::move(root)};
  return route;
}
SiteSpec site(std::vector<std::string> hosts, std::string root) {
  return {.hosts = std::move(hosts), .routes = {files(std::move(root))}};
}

}  // namespace

TEST_CASE("A site is found by the host: exact, below a name, or the one for all others") {
  Stage stage({site({"a.org", "*.b.org"}, "a"), site({"x.b.org", "[::1]"}, "b")});
  const struct {
    const char *authority, *site;
  } rows[] = {
      {"a.org", "a:/"},     {"A.ORG", "a:/"},      {"a.org:443", "a:/"}, {"a.org.", "a:/"},
      {"a.org.:80", "a:/"}, {"y.b.org", "a:/"},    {"Y.B.org:1", "a:/"}, {"x.b.org", "b:/"},
      {"[::1]", "b:/"},     {"[::1]:8443", "b:/"}, {"b.org", ""},        {"z.y.b.org", ""},
      {".b.org", ""},       {"c.org", ""},         {"a.org..", ""},      {"xa.org", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.authority);
    HandlerCall call = stage.get(row.authority, "/");
    CHECK(call.status() == (*row.site == '\0' ? 421 : 200));
    if (*row.site != '\0') CHECK(call.body() == row.site);
  }
  CHECK(stage.get("", "/").status() == 400);
  CHECK(stage.get(std::string(255, 'a'), "/").status() == 421);
  CHECK(stage.get(std::string(256, 'a'), "/").status() == 421);

  Stage others({site({"a.org"}, "a"), site({}, "rest")});
  CHECK(others.get("a.org", "/").body() == "a:/");
  for (const char* const authority : {"b.org", "", "[::1]:1", "1.2.3.4"}) {
    CHECK(others.get(authority, "/").body() == "rest:/");
  }
}

TEST_CASE("A host may have 255 bytes") {
  const std::string most = std::string(251, 'a') + ".org", more = "a" + most;
  Stage stage({site({most, more}, "a")});
  CHECK(stage.get(most, "/").status() == 200);
  CHECK(stage.get(more, "/").status() == 421);
}

TEST_CASE("An action sees the path that its route leaves") {
  Stage stage(
      {{.routes = {
            files("cut",
                  {.match = RouteSpec::Match::prefix, .pattern = "/cut", .strip_prefix = true}),
            files("slash",
                  {.match = RouteSpec::Match::prefix, .pattern = "/slash/", .strip_prefix = true}),
            files("kept", {.match = RouteSpec::Match::prefix, .pattern = "/kept"}),
            files("all")}}});
  CHECK(stage.get("a", "/cut/x").body() == "cut:/x");
  CHECK(stage.get("a", "/cut/").body() == "cut:/");
  CHECK(stage.get("a", "/cut").body() == "cut:");
  CHECK(stage.get("a", "/slash/x").body() == "slash:/x");
  CHECK(stage.get("a", "/slash").body() == "slash:");
  CHECK(stage.get("a", "/kept/x").body() == "kept:/kept/x");
  CHECK(stage.get("a", "/%63ut//./y").body() == "cut:/y");
  CHECK(stage.ask("OPTIONS", "a", "*").body() == "all:*");
}

TEST_CASE("What no route takes gets 404, or 405 and 204 with the methods that there are") {
  SiteSpec bare{.headers = {{"x-site", "yes"}},
                .routes = {{.match = RouteSpec::Match::path,
                            .pattern = "/x",
                            .methods = {"GET"},
                            .action = RespondSpec{.body = "x"}}}};
  Stage stage({bare});
  CHECK(stage.get("a", "/x").status() == 200);
  HandlerCall wrong = stage.ask("POST", "a", "/x");
  CHECK(wrong.status() == 405);
  CHECK(wrong.field("allow") == "GET, HEAD, OPTIONS");
  CHECK(wrong.field("x-site") == "yes");
  CHECK(wrong.field("cache-control") == "no-cache");
  HandlerCall absent = stage.get("a", "/y");
  CHECK(absent.status() == 404);
  CHECK(absent.body() == "404 Not Found\n");
  CHECK(absent.field("x-site") == "yes");
  HandlerCall options = stage.ask("OPTIONS", "a", "/x");
  CHECK(options.status() == 204);
  CHECK(options.field("allow") == "GET, HEAD, OPTIONS");
  CHECK(stage.ask("OPTIONS", "a", "*").status() == 204);
  CHECK(stage.ask("OPTIONS", "a", "/y").status() == 404);

  bare.routes.push_back(files("f", {.match = RouteSpec::Match::prefix, .pattern = "/f"}));
  Stage with_files({bare});
  CHECK(with_files.get("a", "/y").body() == "f is sorry");
  HandlerCall paged = with_files.ask("POST", "a", "/x");
  CHECK(paged.status() == 405);
  CHECK(paged.field("allow") == "GET, HEAD, OPTIONS");
}

TEST_CASE("Other hosts of a site lead to the canonical one") {
  SiteSpec spec = site({"a.org", "*.a.org"}, "a");
  spec.canonical = "a.org";
  spec.headers = {{"x-site", "yes"}};
  Stage stage({spec});
  CHECK(stage.get("a.org:8443", "/x").body() == "a:/x");
  CHECK(stage.get("A.ORG.", "/x").body() == "a:/x");
  HandlerCall other = stage.ask("POST", "www.a.org:1", "//x/%2e/y?z");
  CHECK(other.status() == 308);
  CHECK(other.field("location") == "https://a.org:8443//x/%2e/y?z");
  CHECK(other.field("x-site") == "yes");
  CHECK(stage.ask("OPTIONS", "www.a.org", "*").body() == "a:*");
}

TEST_CASE("A route redirects to what its template makes of the request") {
  SiteSpec spec{.headers = {{"x-site", "yes"}, {"x-both", "site"}}};
  spec.routes = {{.match = RouteSpec::Match::prefix,
                  .pattern = "/old",
                  .headers = {{"x-both", "route"}},
                  .action = RedirectSpec{.to = "/new{rest}{query}", .status = 302}},
                 {.action = RedirectSpec{.to = "https://{host.1}.org{path}"}}};
  Stage stage({spec});
  HandlerCall old = stage.get("a", "/old/x?y");
  CHECK(old.status() == 302);
  CHECK(old.field("location") == "/new/x?y");
  CHECK(old.field("cache-control") == "no-cache");
  CHECK(old.field("x-site") == "yes");
  CHECK(old.field("x-both") == "route");
  CHECK(old.responder.heads[0].headers.count("x-both") == 1);
  CHECK(stage.get("a", "/old").field("location") == "/new");
  CHECK(stage.get("B.c:1", "/older").field("location") == "https://b.org/older");
  HandlerCall nowhere = stage.get("", "/x");
  CHECK(nowhere.status() == 400);
  CHECK(nowhere.field("location").empty());
  CHECK(stage.ask("OPTIONS", "a", "*").status() == 400);
}

TEST_CASE("A route responds with its text to every method") {
  SiteSpec spec;
  spec.routes = {{.headers = {{"cache-control", "max-age=60"}},
                  .action = RespondSpec{.status = 410, .type = "text/html", .body = "gone"}}};
  Stage stage({spec});
  for (const char* const method : {"GET", "POST", "OPTIONS", "BREW"}) {
    HandlerCall call = stage.ask(method, "a", "/");
    CAPTURE(method);
    CHECK(call.status() == 410);
    CHECK(call.body() == "gone");
    CHECK(call.field("content-type") == "text/html");
    CHECK(call.field("x-content-type-options") == "nosniff");
    CHECK(call.field("cache-control") == "max-age=60");
  }
}

TEST_CASE("Files have the fields and pages of their site in their options") {
  SiteSpec spec{.headers = {{"a", "site"}, {"b", "site"}, {"c", "site"}},
                .error_pages = {{404, "site.html"}, {405, "site.html"}}};
  RouteSpec route{.headers = {{"b", "route"}, {"c", "route"}}};
  SiteOptions options;
  options.headers = {{"c", "files"}, {"a", "globbed", "*.js"}};
  options.error_pages = {{404, "own.html"}};
  route.action = FilesSpec{"root", options};
  spec.routes = {route};
  const SiteTable table({spec});
  REQUIRE(table.actions().size() == 1);
  CHECK(table.actions()[0].headers.empty());
  const SiteOptions& merged = std::get<FilesSpec>(table.actions()[0].spec).options;
  CHECK(merged.headers ==
        std::vector<SiteOptions::HeaderRule>{
            {"a", "site"}, {"b", "route"}, {"c", "files"}, {"a", "globbed", "*.js"}});
  CHECK(merged.error_pages ==
        std::vector<std::pair<std::uint16_t, std::string>>{{404, "own.html"}, {405, "site.html"}});
}

TEST_CASE("Sites with the same action share it, and it is made when it is first asked for") {
  Stage stage({site({"a"}, "one"), site({"b"}, "one"), site({"c"}, "two")});
  CHECK(stage.table->actions().size() == 2);
  CHECK(stage.made == 0);
  std::ignore = stage.get("a", "/");
  std::ignore = stage.get("b", "/");
  CHECK(stage.made == 1);
  std::ignore = stage.get("c", "/");
  CHECK(stage.made == 2);
}
