#pragma once
#include <span>
#include <string>
#include <vector>

#include "handlers/site_spec.h"

namespace troika {

// Two places that do not go together, or one that says what cannot be.
struct Conflict {
  Written at;        // what to change
  Written other;     // what it contradicts; as `at` when that is the same place
  std::string text;  // one sentence for a person, without the places
};

// What is wrong between sites and routes, each of which is right by itself, in the order of `at`:
//
// - a host that two sites have, or one site twice
// - two sites without hosts, which would take all other hosts
// - a canonical host that is none of the site's, or has a star
// - a route that no request reaches, since an earlier one of the site takes all of them: whether
//   that is so is not found out for all globs. Routes that sites share are looked at once.
std::vector<Conflict> find_conflicts(std::span<const SiteSpec> sites);

}  // namespace troika
