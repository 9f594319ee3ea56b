#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace troika::layout {

// Holds the #include lines of one source file against the table of docs/architecture.md: which
// folder may include which, and which may use which library. `path` is relative to the checkout.
// Gives one line for each violation: "path:line: what is wrong".
std::vector<std::string> violations(std::string_view path, std::string_view text);

}  // namespace troika::layout
