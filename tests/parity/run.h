#pragma once
// What the test and the parity program both do, and say in their own way.
#include "parity/differences.h"
#include "parity/generated.h"
#include "parity/lab.h"
#include "parity/table.h"

namespace troika::parity {

struct Outcome {
  const Row* row;
  std::size_t protocol;            // an index of kProtocols
  std::vector<std::string> wrong;  // empty: as the row wants it
  std::string curl;
};
// Each row over each protocol, in the order of `rows`.
std::vector<Outcome> run_tables(Lab& lab, const std::vector<Row>& rows);
// Where it failed and why, on some lines.
std::string describe(const Outcome& outcome);

// A line or more for each request that the protocols do not agree on.
std::vector<std::string> run_generated(Lab& lab, const Differences& allowed,
                                       const std::vector<Generated>& set);

}  // namespace troika::parity
