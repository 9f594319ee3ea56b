#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/exchange/client_session.h"
#include "ports/transport.h"

namespace troika::client {

enum class Protocol : std::uint8_t { h1, h2, h3, h1_plain, h2_plain };

// A connection to a server, whatever its protocol. Made and owned by a Client.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual bool ready() const noexcept = 0;   // session() takes requests
  virtual bool closed() const noexcept = 0;  // lost, refused or ended; never ready again
  virtual Error close_reason() const noexcept = 0;
  virtual ClientSession& session() noexcept = 0;  // once ready, until destroyed
  virtual const SecurityInfo& security() const noexcept = 0;
  // For Client::connect() to the same host; empty: the server has sent nothing to come back with.
  virtual std::vector<std::byte> resumption() const { return {}; }
  virtual void close() = 0;  // after what is in flight was given up

  // The owner's loop: acts and writes; true: there is more to write now.
  virtual bool flush(TimePoint now) = 0;
};

}  // namespace troika::client
