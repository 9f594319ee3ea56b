#pragma once
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "os/fd.h"

namespace troika {

// Unix sockets for the operator's commands: what is sent is a line, and what comes back is one.

// A non-blocking socket that listens at this path, for its owner alone (0600). What a process that
// has gone left there is replaced. The error is one sentence.
Checked<Fd> listen_locally(const std::string& path);

// Whether the process at the other end may give commands: it runs as our user, or as root.
bool is_trusted_peer(int connection) noexcept;

// Sends the line, without its newline, and waits for the one that comes back. The error is one
// sentence: nobody listens there, we may not connect, or there was no line in time.
Checked<std::string> ask_locally(const std::string& path, std::string_view line, Duration patience);

}  // namespace troika
