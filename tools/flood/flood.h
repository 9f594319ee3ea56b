#pragma once
// Clients that begin a QUIC handshake and are never heard of again, each from a port and an address
// of 127/8 of its own.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/buffer.h"
#include "base/random.h"
#include "base/time.h"
#include "http/exchange/call.h"
#include "http/message/limits.h"
#include "os/fd.h"
#include "ports/address.h"
#include "tls/context/client_context.h"

namespace troika::flood {

struct Counts {
  std::uint64_t clients = 0, datagrams = 0;
  std::uint64_t failed = 0;                // sends and sockets that the kernel refused
  std::uint64_t answers = 0, retries = 0;  // datagrams that came back, and Retry packets of them
};

class Flood {
 public:
  static constexpr std::size_t kMostSockets = 1000;  // then the oldest is closed first

  explicit Flood(const Address& server);
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  void begin_one();  // a valid first flight, from a new port
  void collect();    // counts what has come back
  // As many new clients, and whether each is answered, none by a Retry, before `limit` is over.
  bool served_without_retry(std::size_t clients, Duration limit);

  const Counts& counts() const noexcept { return counts_; }

 private:
  void collect(int socket);
  Address next_source() noexcept;

  Address server_;
  SystemClock clock_;
  SystemRandom random_;
  BufferPool pool_;
  Limits limits_;
  CallServices services_{pool_, clock_, limits_, random_};
  std::unique_ptr<tls::ClientContext> tls_;
  std::vector<Fd> sockets_;
  std::size_t next_ = 0;
  std::uint32_t sources_ = 0;
  Counts counts_;
};

}  // namespace troika::flood
