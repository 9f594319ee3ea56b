#pragma once
#include <string>

#include "base/time.h"
#include "config/cli.h"
#include "config/config_file.h"

namespace troika {

// Of `troika check`: what is said on standard output, and the exit code: 0; 1 with errors; 2 with
// warnings, if these are to fail.
struct CheckReport {
  std::string text;
  int code = 0;
};

// In this order, each only when the one before has found nothing wrong: the syntax; keys, types and
// values; what does not go together; the files.
//
// Reads the configuration as `serve` does, and then looks at the files that it names: whether
// certificates and keys can be read and fit, and roots are folders. Binds, writes and resolves
// nothing, so that it can be asked while the server runs. What this user may not read is told as
// not checked. The text is one finding after the other and a last line, or JSON: an object with the
// exit code and the findings, each with its kind, file, line, column and text.
//
// `now`: certificates that have expired, or will soon, are warnings.
CheckReport check(const CheckCommand& command, WallTime now,
                  const Environment& environment = process_environment());

}  // namespace troika
