#include "config/site_reader.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>

#include "base/text.h"
#include "config/site_settings.h"

namespace troika {
namespace {

const TomlEntry* find(const TomlValue& table, std::string_view key) {
  const auto found = std::ranges::find(table.entries, key, &TomlEntry::key);
  return found == table.entries.end() ? nullptr : &*found;
}

// The tables of [[name]]; anything else by that name is an error.
std::vector<const TomlValue*> tables_of(const TomlEntry& entry, std::string_view name,
                                        Findings& findings) {
  std::vector<const TomlValue*> tables;
  const auto is_table = [](const TomlValue& item) { return item.kind == TomlValue::Kind::table; };
  if (entry.value.kind != TomlValue::Kind::array ||
      !std::ranges::all_of(entry.value.items, is_table)) {
    findings.error(entry.value.at,
                   formatted("{0} must be tables of their own: write [[{0}]] above the "
                             "keys of each",
                             name));
    return tables;
  }
  for (const TomlValue& item : entry.value.items) tables.push_back(&item);
  return tables;
}

// Which of the names the route has, in the order of the file. More than one: an error at the
// second.
std::vector<const TomlEntry*> chosen(const TomlValue& route,
                                     std::span<const std::string_view> names, std::string_view what,
                                     Findings& findings) {
  std::vector<const TomlEntry*> found;
  for (const TomlEntry& entry : route.entries) {
    if (std::ranges::contains(names, entry.key)) found.push_back(&entry);
  }
  if (found.size() > 1) {
    findings.error(found[1]->at,
                   formatted("a route has one {}, not both {} (line {}) and {}: leave one out, or "
                             "write two routes",
                             what, found[0]->key, found[0]->at.line, found[1]->key));
  }
  return found;
}

constexpr auto kActions = std::to_array<std::string_view>({"root", "proxy", "redirect", "respond"});
constexpr auto kMatches = std::to_array<std::string_view>({"path", "prefix", "glob"});

// What belongs to files; all of them are options of a folder, but one may be of any route.
bool needs_root(const Setting& setting) {
  return !setting.option.empty() && setting.key != "site.route.root" &&
         setting.key != "site.route.headers";
}

void check_route(const TomlValue& table, const std::vector<Given>& given, Findings& findings) {
  const auto matches = chosen(table, kMatches, "match", findings);
  const auto actions = chosen(table, kActions, "action", findings);
  if (actions.empty()) {
    findings.error(table.at, "this route does nothing: give it root, redirect or respond");
  }
  const bool files = !actions.empty() && actions.front()->key == "root";
  for (const Given& each : given) {
    if (each.setting->key == "site.route.strip_prefix" && each.texts == Texts{"true"} &&
        (matches.empty() || matches.front()->key != "prefix")) {
      findings.error(each.key, "strip_prefix needs prefix, which it cuts off");
    }
    if (!actions.empty() && !files && needs_root(*each.setting)) {
      findings.error(each.key, formatted("{} is for files: it needs root, not {}",
                                         short_name(each.setting->key), actions.front()->key));
    }
  }
  const TomlEntry* const redirect = find(table, "redirect");
  if (redirect != nullptr && redirect->value.kind == TomlValue::Kind::table &&
      find(redirect->value, "to") == nullptr) {
    findings.error(redirect->value.at, "redirect has no target: write { to = \"/new\" }");
  }
}

}  // namespace

RouteSpec SiteReader::read_route(const TomlValue& table, const SourceFile& file) {
  std::vector<Given> given = read_table(table, "site.route.", context_of(file));
  for (const Given& each : given) origins_.add(table.at, each, findings_);
  check_route(table, given, findings_);
  Config scratch;
  RouteSpec& route = kRoute(scratch);
  route.written = table.at;
  if (find(table, "respond") != nullptr) route.action = RespondSpec{};
  apply(std::move(given), scratch, findings_);
  return std::move(route);
}

void SiteReader::read_shared(const SourceFile& file) {
  const TomlEntry* const all = find(file.tree, "routes");
  if (all == nullptr) return;
  if (all->value.kind != TomlValue::Kind::table) {
    return findings_.error(all->value.at,
                           "routes need a name: write [[routes.NAME]], and routes = \"NAME\" in "
                           "the sites that have them");
  }
  for (const TomlEntry& entry : all->value.entries) {
    const auto [found, is_new] = shared_.try_emplace(entry.key, SharedRoutes{entry.at, {}});
    if (!is_new) {
      findings_.error(entry.at, formatted("routes.{} is there already, at {}: choose another name",
                                          entry.key, findings_.place(found->second.at)));
      continue;
    }
    for (const TomlValue* const table : tables_of(entry, "routes." + entry.key, findings_)) {
      if (findings_.full()) return;
      found->second.routes.push_back(read_route(*table, file));
    }
  }
}

void SiteReader::read_certificate(const TomlValue& table, const SourceFile& file, Config& config) {
  std::vector<Given> given = read_table(table, "certificate.", context_of(file));
  for (const std::string_view name : {"cert", "key"}) {
    if (find(table, name) == nullptr) {
      findings_.error(table.at, formatted("this certificate has no {}: give cert and key", name));
    }
  }
  for (const Given& each : given) origins_.add(table.at, each, findings_);
  Config scratch;
  apply(std::move(given), scratch, findings_);
  auto& certificates = config.tls.certificates;
  if (certificates.size() == tls::kMostCertificates) {
    return findings_.error(
        table.at, formatted("there are more than {} certificates", tls::kMostCertificates));
  }
  certificates.insert(certificates.end(), scratch.tls.certificates.begin(),
                      scratch.tls.certificates.end());
}

std::vector<RouteSpec> SiteReader::routes_of(const TomlValue& site, const SourceFile& file) {
  const TomlEntry* const own = find(site, "route");
  const TomlEntry* const shared = find(site, "routes");
  std::vector<RouteSpec> routes;
  if (own != nullptr && shared != nullptr) {
    findings_.error(shared->at, formatted("a site has routes of its own or shared ones, not both: "
                                          "leave out routes, or [[site.route]] (line {})",
                                          own->at.line));
  } else if (own == nullptr && shared == nullptr) {
    findings_.error(site.at,
                    "this site has no routes: write [[site.route]] and below it, for example, root "
                    "= \"/srv/www\"");
  } else if (own != nullptr) {
    for (const TomlValue* const table : tables_of(*own, "site.route", findings_)) {
      if (findings_.full()) break;
      routes.push_back(read_route(*table, file));
    }
  } else if (shared->value.kind == TomlValue::Kind::text) {
    const auto found = shared_.find(shared->value.text);
    if (found != shared_.end()) {
      found->second.used = true;
      if (routes_ + found->second.routes.size() <= limits_.routes) return found->second.routes;
      findings_.error(shared->at, formatted("all sites have more than {} routes", limits_.routes));
      return {};
    }
    std::vector<std::string_view> names;
    for (const auto& [name, _] : shared_) names.push_back(name);
    const std::string_view meant = nearest(shared->value.text, names);
    findings_.error(shared->value.at,
                    meant.empty() ? formatted("there is no [[routes.{}]]", shared->value.text)
                                  : formatted("there is no [[routes.{}]]: did you mean \"{}\"?",
                                              shared->value.text, meant));
  }
  return routes;
}

void SiteReader::read_site(const TomlValue& table, const SourceFile& file, Config& config) {
  std::vector<Given> given = read_table(table, "site.", context_of(file));
  for (const Given& each : given) origins_.add(table.at, each, findings_);
  Config scratch;
  SiteSpec& site = kSite(scratch);
  site.written = table.at;
  for (const Given& each : given) {
    if (each.setting->key == "site.hosts") site.hosts_written = each.places;
    if (each.setting->key == "site.canonical") site.canonical_written = each.key;
  }
  apply(std::move(given), scratch, findings_);
  site.routes = routes_of(table, file);
  routes_ += site.routes.size();
  config.sites.push_back(std::move(site));
}

void SiteReader::check_unused() {
  for (const auto& [name, routes] : shared_) {
    if (routes.used) continue;
    findings_.add(Finding::Kind::warning, routes.at,
                  formatted("no site has routes = \"{}\": nothing gets there", name));
  }
}

void SiteReader::read(const std::vector<SourceFile>& files, Config& config) {
  for (const SourceFile& file : files) read_shared(file);
  std::vector<SiteSpec> usual = std::exchange(config.sites, {});
  const auto each =
      [&](const SourceFile& file, std::string_view name,
          void (SiteReader::*read_one)(const TomlValue&, const SourceFile&, Config&)) {
        const TomlEntry* const entry = find(file.tree, name);
        if (entry == nullptr) return;
        for (const TomlValue* const table : tables_of(*entry, name, findings_)) {
          if (findings_.full()) return;
          (this->*read_one)(*table, file, config);
        }
      };
  for (const SourceFile& file : files) {
    each(file, "certificate", &SiteReader::read_certificate);
    each(file, "site", &SiteReader::read_site);
    if (const TomlEntry* const origin = find(file.tree, "origin");
        origin != nullptr && &file != &files.front()) {
      findings_.error(origin->at, "origin: this version has no origins yet");
    }
  }
  if (config.sites.empty()) config.sites = std::move(usual);
  check_unused();
}

}  // namespace troika
