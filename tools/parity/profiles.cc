#include "tools/parity/profiles.h"

#include <algorithm>
#include <stdexcept>

#include "config/site_values.h"

namespace troika::parity {
namespace {

template <class T>
T must(Checked<T> value) {
  if (!value) throw std::runtime_error(value.error());
  return std::move(*value);
}

SiteOptions with(bool SiteOptions::* option, bool value = true) {
  SiteOptions options;
  options.*option = value;
  return options;
}

SiteOptions cors(std::initializer_list<const char*> origins) {
  SiteOptions options;
  for (const char* const origin : origins) options.cors.push_back(must(parse_cors_origin(origin)));
  return options;
}

SiteOptions rules() {
  SiteOptions options;
  for (const char* const rule :
       {"assets/*=immutable", "*.html=max-age=60", "*.png=7d", "data.json=no-store"}) {
    options.cache.push_back(must(parse_cache_rule(rule)));
  }
  for (const char* const field : {"X-Frame-Options: DENY", "Referrer-Policy: no-referrer",
                                  "assets/*=Referrer-Policy: origin", "*.css=X-Sheet: yes"}) {
    options.headers.push_back(must(parse_header_option(field)));
  }
  return options;
}

SiteOptions errors() {
  SiteOptions options;
  for (const char* const page : {"404=/errors/404.html", "405=/errors/missing.html"}) {
    options.error_pages.push_back(must(parse_error_page(page)));
  }
  return options;
}

}  // namespace

const std::vector<Profile>& profiles() {
  static const std::vector<Profile> all{
      {"default", {}},
      {"spa", with(&SiteOptions::spa)},
      {"clean", with(&SiteOptions::clean_urls)},
      {"listing", with(&SiteOptions::listing)},
      {"cors-any", cors({"*"})},
      {"cors-list", cors({"https://app.example", "http://localhost:3000"})},
      {"rules", rules()},
      {"errors", errors()},
      {"dotfiles", with(&SiteOptions::dotfiles)},
      {"nocompress", with(&SiteOptions::compress, false)},
      {"precoded", with(&SiteOptions::precoded)},
  };
  return all;
}

const Profile& profile_named(const std::string& name) {
  const auto found = std::ranges::find(profiles(), name, &Profile::name);
  if (found == profiles().end()) throw std::runtime_error("no such profile: " + name);
  return *found;
}

}  // namespace troika::parity
