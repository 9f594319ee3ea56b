#pragma once
#include <string>
#include <vector>

#include "handlers/site_options.h"

namespace troika::parity {

struct Profile {
  std::string name;
  SiteOptions options;
};
// Those of README.md; made by what the command line is read with.
const std::vector<Profile>& profiles();
// Throws when there is none.
const Profile& profile_named(const std::string& name);

}  // namespace troika::parity
