#pragma once
#include "tools/parity/lab.h"

namespace troika::parity {

// One for all tests: making a Lab takes the two seconds until its files have strong tags. Each
// closes it.
inline Lab& shared_lab() {
  static Lab lab;
  return lab;
}

}  // namespace troika::parity
