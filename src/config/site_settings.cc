#include "config/site_settings.h"

#include <array>

#include "base/text.h"
#include "config/route_values.h"
#include "config/site_values.h"
#include "handlers/redirect/redirect_template.h"

namespace troika {
namespace {

constexpr std::uint64_t kMostRequests = 1'000'000;  // a second, of a client

template <class Spec, auto write>
Texts of_action(const Config& config) {
  return std::holds_alternative<Spec>(kRoute(config).action) ? write(config) : Texts{};
}

template <RouteSpec::Match match, auto parse>
Checked<void> read_match(Config& config, Values values) {
  kRoute(config).match = match;
  return one<parse, kRoute, &RouteSpec::pattern>(config, values);
}
template <RouteSpec::Match match>
Texts write_match(const Config& config) {
  return kRoute(config).match == match ? Texts{kRoute(config).pattern} : Texts{};
}

Texts fields_text(const std::vector<SiteOptions::HeaderRule>& rules) {
  Texts texts;
  for (const auto& rule : rules) {
    if (rule.glob.empty()) texts.push_back(formatted("{}: {}", rule.name, rule.value));
  }
  return texts;
}
// Files add theirs to those that are for some of them only.
Checked<void> read_route_headers(Config& config, Values values) {
  if (std::holds_alternative<FilesSpec>(kRoute(config).action)) {
    return each<parse_field, kAction<FilesSpec>, &FilesSpec::options, &SiteOptions::headers>(
        config, values);
  }
  return each<parse_field, kRoute, &RouteSpec::headers>(config, values);
}
Texts write_route_headers(const Config& config) {
  if (const auto* files = std::get_if<FilesSpec>(&kRoute(config).action)) {
    return fields_text(files->options.headers);
  }
  return fields_text(kRoute(config).headers);
}
Texts write_site_headers(const Config& config) { return fields_text(kSite(config).headers); }

Texts pages_text(const std::vector<std::pair<std::uint16_t, std::string>>& pages) {
  Texts texts;
  for (const auto& [status, path] : pages) texts.push_back(formatted("{}=/{}", status, path));
  return texts;
}
Texts write_site_pages(const Config& config) { return pages_text(kSite(config).error_pages); }

const SiteOptions& options_of(const Config& config) { return kAction<FilesSpec>(config).options; }
Texts write_pages(const Config& config) { return pages_text(options_of(config).error_pages); }
Texts write_types(const Config& config) {
  Texts texts;
  for (const auto& [extension, type] : options_of(config).types)
    texts.push_back(formatted("{}={}", extension, type));
  return texts;
}
Texts write_cache(const Config& config) {
  Texts texts;
  for (const auto& rule : options_of(config).cache)
    texts.push_back(formatted("{}={}", rule.glob, rule.value));
  return texts;
}
Texts write_file_headers(const Config& config) {
  Texts texts;
  for (const auto& rule : options_of(config).headers) {
    if (!rule.glob.empty()) {
      texts.push_back(formatted("{}={}: {}", rule.glob, rule.name, rule.value));
    }
  }
  return texts;
}

Checked<void> read_file_headers(Config& config, Values values) {
  for (const std::string& pair : values) {
    const std::string_view field = std::string_view(pair).substr(pair.find('=') + 1);
    if (field.contains(':')) continue;
    return std::unexpected(formatted("must be a glob and \"NAME: VALUE\", not \"{}\"", field));
  }
  return each<parse_header_option, kAction<FilesSpec>, &FilesSpec::options, &SiteOptions::headers>(
      config, values);
}

template <auto Place>
constexpr auto write_option =
    of_action<FilesSpec, write_flag<kAction<FilesSpec>, &FilesSpec::options, Place>>;

template <auto Place>
constexpr Setting files_flag(std::string_view key, std::string_view help, std::string_view option) {
  Setting setting = flag_setting<kAction<FilesSpec>, &FilesSpec::options, Place>(key, help, option);
  setting.write = write_option<Place>;
  return setting;
}

Checked<void> read_redirect(Config& config, Values values) {
  if (const auto target = parse_redirect(values.front()); !target) {
    return std::unexpected(target.error());
  }
  kAction<RedirectSpec>(config).to = values.front();
  return {};
}

constexpr Setting strip_setting() {
  Setting setting = flag_setting<kRoute, &RouteSpec::strip_prefix>(
      "site.route.strip_prefix",
      "Whether the prefix is cut off, so that `/docs/a` is the file `a` of the root.");
  setting.write = [](const Config& config) {
    return kRoute(config).match == RouteSpec::Match::prefix
               ? write_flag<kRoute, &RouteSpec::strip_prefix>(config)
               : Texts{};
  };
  return setting;
}

template <class Spec>
Texts write_status(const Config& config) {
  return {std::to_string(kAction<Spec>(config).status)};
}

GuardSpec& guard(Config& config) { return kSite(config).guard; }
const GuardSpec& guard_of(const Config& config) { return kSite(config).guard; }
RateSpec& rate(Config& config) {
  auto& place = guard(config).rate;
  return place ? *place : place.emplace();
}

template <auto Ranges>
Texts write_ranges(const Config& config) {
  Texts texts;
  for (const AddressRange& range : guard_of(config).*Ranges) texts.push_back(range.text());
  return texts;
}
Texts write_logins(const Config& config) {
  Texts texts;
  for (const LoginSpec& login : guard_of(config).logins) {
    texts.push_back(formatted("{}={}", login.name, login.hash));
  }
  return texts;
}
Checked<void> read_logins(Config& config, Values values) {
  return each<parse_login, guard, &GuardSpec::logins>(config, values);
}
Texts write_realm(const Config& config) {
  return guard_of(config).logins.empty() ? Texts{} : Texts{guard_of(config).realm};
}
template <auto Number>
Checked<void> read_rate(Config& config, Values values) {
  const auto count = parse_count(values.front(), 1, kMostRequests);
  if (!count) return std::unexpected(count.error());
  rate(config).*Number = static_cast<std::uint32_t>(*count);
  return {};
}
template <auto Number>
Texts write_rate(const Config& config) {
  const auto& spec = guard_of(config).rate;
  return spec && *spec.*Number != 0 ? Texts{std::to_string(*spec.*Number)} : Texts{};
}

using enum Setting::Kind;
using Match = RouteSpec::Match;
constexpr auto root_place = kAction<FilesSpec>;

constexpr auto kSettings = std::to_array<Setting>({
    {"site.hosts", texts, "[\"example.org\", \"www.example.org\"]",
     "The names that the site is for. `\"*.example.org\"` stands for one label. A site without "
     "hosts takes all that no other site has; without such a site they get 421.",
     each<parse_host, kSite, &SiteSpec::hosts>, write_texts<kSite, &SiteSpec::hosts>},
    {"site.canonical", text, "\"example.org\"",
     "One of the hosts: requests for the others are redirected to it, with 308.",
     one<parse_host, kSite, &SiteSpec::canonical>, write_text<kSite, &SiteSpec::canonical>},
    {"site.headers", fields, "{ \"X-Frame-Options\" = \"DENY\" }",
     "Fields of every response of the site. An array of values makes several of one name.",
     each<parse_field, kSite, &SiteSpec::headers>, write_site_headers},
    {"site.error_pages", values, "{ 404 = \"/404.html\" }",
     "Files for error responses, below the `root` of the route: 404, 405, 406, 412, 416, 500 and "
     "503.",
     each_once<parse_error_page, kSite, &SiteSpec::error_pages>, write_site_pages},
    {"site.log", log, "\"/var/log/troika/example.log\"",
     "The access log of the site, instead of `log.access`.",
     one<parse_text, kSite, &SiteSpec::access_log>, write_text<kSite, &SiteSpec::access_log>},
    {"site.allow", texts, "[\"192.0.2.0/24\", \"2001:db8::/32\"]",
     "The only addresses of clients that are let in, to all routes; the others get 403.",
     each<parse_range, guard, &GuardSpec::allow>, write_ranges<&GuardSpec::allow>},
    {"site.deny", texts, "[\"192.0.2.7\"]",
     "Addresses of clients that get 403, also if `allow` has them.",
     each<parse_range, guard, &GuardSpec::deny>, write_ranges<&GuardSpec::deny>},
    {.key = "site.rate.per_second",
     .kind = count,
     .example = "10",
     .help = "How many requests a client (an address of IPv4, a /64 of IPv6) may make a second, on "
             "all routes together. Beyond it there is 429 with Retry-After.",
     .read = read_rate<&RateSpec::per_second>,
     .write = write_rate<&RateSpec::per_second>,
     .least = 1,
     .most = kMostRequests},
    {.key = "site.rate.burst",
     .kind = count,
     .example = "20",
     .help = "How many it may make at once before that. Without it: as many as in a second.",
     .read = read_rate<&RateSpec::burst>,
     .write = write_rate<&RateSpec::burst>,
     .least = 1,
     .most = kMostRequests},
    {"site.basic_auth", values,
     "{ ali = \"$$2b$$04$$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy\" }",
     "Names and hashes of passwords (bcrypt or SHA-crypt, of `htpasswd -B` or `mkpasswd`). `$` is "
     "written `$$`; or name a file with the hash, `${file:/path}`. Whoever has none gets 401, on "
     "all "
     "routes.",
     read_logins, write_logins},
    {"site.realm", text, "\"staff\"", "What browsers show when they ask for the name.",
     one<parse_realm, guard, &GuardSpec::realm>, write_realm},
    {"site.routes", text, "\"tenant\"",
     "Instead of `[[site.route]]`: the routes of `[[routes.tenant]]`, which several sites may "
     "share."},

    {"site.route.path", text, "\"/old\"", "The route takes exactly this path.",
     read_match<Match::path, parse_route_path>, write_match<Match::path>},
    {"site.route.prefix", text, "\"/docs\"",
     "The route takes this path and all below it: `/docs` and `/docs/…`, not `/docs2`.",
     read_match<Match::prefix, parse_route_prefix>, write_match<Match::prefix>},
    {"site.route.glob", text, "\"/.well-known/*.txt\"",
     "The route takes the paths that match. `*` also matches slashes; a glob without a slash is "
     "compared with the last segment.",
     read_match<Match::glob, parse_route_glob>, write_match<Match::glob>},
    {"site.route.methods", texts, "[\"GET\", \"POST\"]",
     "The methods that the route takes; `GET` includes HEAD. Without it: all.",
     each<parse_method, kRoute, &RouteSpec::methods>, write_texts<kRoute, &RouteSpec::methods>},
    strip_setting(),

    {"site.route.root", path, "\"/srv/www\"",
     "Files of this folder. The whole path of the URL is looked for below it.", nullptr,
     of_action<FilesSpec, write_text<root_place, &FilesSpec::root>>, "--root"},
    {"site.route.redirect.to", text, "\"https://example.org{path}{query}\"",
     "A redirect to this URL or path. `{host}`, `{host.N}` (label N from the left), `{path}`, "
     "`{rest}` (what the prefix left) and `{query}` (with its `?`) stand for those of the request.",
     read_redirect, of_action<RedirectSpec, write_text<kAction<RedirectSpec>, &RedirectSpec::to>>},
    {"site.route.redirect.status", count, "302", "301, 302, 303, 307 or 308.",
     one<parse_redirect_status, kAction<RedirectSpec>, &RedirectSpec::status>,
     of_action<RedirectSpec, write_status<RedirectSpec>>},
    {"site.route.respond.status", count, "410", "A response with this status, 200 to 599.",
     one<parse_respond_status, kAction<RespondSpec>, &RespondSpec::status>,
     of_action<RespondSpec, write_status<RespondSpec>>},
    {"site.route.respond.type", text, "\"text/plain\"", "Its media type.",
     one<parse_media_type, kAction<RespondSpec>, &RespondSpec::type>,
     of_action<RespondSpec, write_text<kAction<RespondSpec>, &RespondSpec::type>>},
    {"site.route.respond.body", text, "\"gone\\n\"", "Its content.",
     one<parse_text, kAction<RespondSpec>, &RespondSpec::body>,
     of_action<RespondSpec, write_text<kAction<RespondSpec>, &RespondSpec::body>>},

    {"site.route.headers", fields, "{ \"X-Frame-Options\" = \"DENY\" }",
     "Fields of every response of the route.", read_route_headers, write_route_headers, "--header"},
    files_flag<&SiteOptions::listing>(
        "site.route.listing", "Whether folders that have no `index.html` are listed.", "--listing"),
    files_flag<&SiteOptions::spa>("site.route.spa",
                                  "Whether missing pages fall back to `/index.html`.", "--spa"),
    files_flag<&SiteOptions::clean_urls>(
        "site.route.clean_urls", "Whether `about.html` is served for `/about`.", "--clean-urls"),
    {"site.route.error_pages", values, "{ 404 = \"/404.html\" }",
     "As those of the site, for this route.", nullptr, of_action<FilesSpec, write_pages>,
     "--error-page"},
    files_flag<&SiteOptions::dotfiles>(
        "site.route.dotfiles", "Whether names that begin with a dot or end in `~` are served.",
        "--dotfiles"),
    files_flag<&SiteOptions::compress>("site.route.compress",
                                       "Whether files are compressed on the fly.", "--no-compress"),
    files_flag<&SiteOptions::precoded>(
        "site.route.precoded", "Whether `x.js.gz` is served as an encoded `x.js`.", "--precoded"),
    {"site.route.type", values, "{ md = \"text/plain\" }", "Media types by extension.", nullptr,
     of_action<FilesSpec, write_types>, "--type"},
    {"site.route.cache", pairs, "[[\"assets/*\", \"immutable\"], [\"*.css\", \"7d\"]]",
     "Cache-Control of files: a glob and its rule, `immutable`, `no-store`, `no-cache`, a time or "
     "directives. The first match wins.",
     nullptr, of_action<FilesSpec, write_cache>, "--cache"},
    {"site.route.file_headers", pairs,
     "[[\"*.wasm\", \"Cross-Origin-Resource-Policy: same-origin\"]]",
     "Fields of responses for some files: a glob, and a name and value.", read_file_headers,
     of_action<FilesSpec, write_file_headers>, "--header"},
    {"site.route.cors", texts, "[\"https://app.example.org\"]",
     "Origins whose pages may read the files; `\"*\"`: all of them.", nullptr,
     of_action<FilesSpec, write_texts<kAction<FilesSpec>, &FilesSpec::options, &SiteOptions::cors>>,
     "--cors"},
});

}  // namespace

std::span<const Setting> site_settings() noexcept { return kSettings; }

}  // namespace troika
