#pragma once
// What the test and the parity program both do, and say in their own way.
#include "tools/parity/differences.h"
#include "tools/parity/generated.h"
#include "tools/parity/lab.h"
#include "tools/parity/table.h"

namespace troika::parity {

struct Outcome {
  const Row* row;
  std::size_t protocol;            // an index of kProtocols
  std::vector<std::string> wrong;  // empty: as the row wants it, and as over the first protocol
  std::string curl;
};
struct TablesRun {
  std::vector<Outcome> outcomes;  // of each row over each of its protocols, in the order of rows
  std::vector<std::string> connections;  // that ended without leave, a line each
};
TablesRun run_tables(Lab& lab, const Differences& allowed, const std::vector<Row>& rows);
// Where it failed and why, on some lines.
std::string describe(const Outcome& outcome);

// Some lines for each request that the protocols do not agree on, or whose answer is none that this
// server may give; and for each connection that ended without leave.
std::vector<std::string> run_generated(Lab& lab, const Differences& allowed,
                                       const std::vector<Generated>& set);

// What both are run in: bounds what is held of the answers.
inline constexpr std::size_t kBatch = 50;

}  // namespace troika::parity
