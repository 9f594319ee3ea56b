#pragma once
#include "server/startup.h"

namespace troika {

// The certificate, and the TLS contexts of all workers. The error is one sentence.
Checked<void> prepare_tls(const ServeOptions& options, Startup& startup);

}  // namespace troika
