// What finding a route costs where there are many hosts and routes.
#include <string>
#include <vector>

#include "base/text.h"
#include "bench/instructions/client.h"
#include "bench/instructions/counted.h"
#include "handlers/router/site_table.h"
#include "http/message/message.h"

namespace troika::instructions {
namespace {

constexpr std::size_t kHosts = 10'000, kRoutes = 1'000;

// Exact paths and prefixes of one to four segments, and hosts of which every tenth has a star.
std::vector<SiteSpec> sites() {
  SiteSpec large{.hosts = {"large.example.org", "*.large.example.org"}};
  for (std::size_t i = 0; i < kRoutes; ++i) {
    std::string path;
    for (std::size_t k = 0; k <= i % 4; ++k) path += formatted("/part-{}-{}", k, i);
    large.routes.push_back(
        {.match = i % 2 == 0 ? RouteSpec::Match::path : RouteSpec::Match::prefix,
         .pattern = std::move(path),
         .action = RespondSpec{}});
  }
  std::vector<SiteSpec> all{std::move(large)};
  for (std::size_t i = all[0].hosts.size(); i < kHosts; ++i) {
    all.push_back({.hosts = {formatted("{}site-{}.example.org", i % 10 == 0 ? "*." : "", i)},
                   .routes = {{.action = RespondSpec{}}}});
  }
  return all;
}

// Requests for the last routes of each kind, and for none.
class Matcher final : public Client {
 public:
  Matcher() : table_(sites()) {
    const std::string below = "/part-0-999/part-1-999/part-2-999/part-3-999";
    paths_ = {"/part-0-998/part-1-998/part-2-998", below + "/and/more/below/index.html",
              "/nothing/of/it/is/here/at/all/index.html", "/"};
  }
  std::size_t get() override {
    const std::string& path = paths_[next_++ % paths_.size()];
    counted([&] {
      const SiteTable::Site* const site = table_.find("Tenant.large.example.org:8443");
      if (site != nullptr) site->routes.find(path, Method::get, "GET");
    });
    return 0;
  }

 private:
  SiteTable table_;
  std::vector<std::string> paths_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Client> make_matcher() { return std::make_unique<Matcher>(); }

}  // namespace troika::instructions
