#pragma once
#include "base/error.h"
#include "tools/parity/fixture.h"

namespace troika::parity {

// Fills in the {placeholders} of README.md from what stat() says of the fixture's files: written
// from docs/static-files.md, and from no code of the server's.
Checked<std::string> expand(const Fixture& fixture, std::string_view text);

}  // namespace troika::parity
