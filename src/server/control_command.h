#pragma once
#include <string>

#include "base/error.h"
#include "config/cli.h"

namespace troika {

// Where a server's control socket is when nothing else is said: $XDG_RUNTIME_DIR/troika.sock, or
// control.sock in the state folder.
Checked<std::string> usual_control_socket();

// Sends a command to a running server and prints what it answers. The exit code.
int tell_server(const ControlCommand& command);

}  // namespace troika
