#pragma once
#include "tools/parity/table.h"

namespace troika::parity {

// The rest of a line after its "=".
Checked<BodyRule> parse_body_rule(std::string_view text);
// \r \n \t \\ \xHH
Checked<std::string> unescape(std::string_view text);

}  // namespace troika::parity
