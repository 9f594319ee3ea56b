#pragma once
#include <memory>
#include <vector>

#include "ports/byte_stream.h"
#include "ports/transport.h"
#include "tls/context/context.h"

namespace troika::tls {

// Where the records of one flush are gathered before one write; one for each worker.
class RecordScratch {
 public:
  static constexpr std::size_t kCapacity = 256U << 10U;
  std::vector<std::byte> bytes;
};

// TLS over a ByteStream, server or client by the state of the SSL. Handshake and alerts run from
// on_bytes; records that are made outside write() wait in a tail for flush() or the next write().
// set_reading(true) goes on at once with input that was kept while reading was off: call it from
// the flush; the observer may be called (on_bytes, on_end, on_closed) before it returns. A client
// whose SSL has a session that allows early data is ready within start().
std::unique_ptr<Transport> make_tls_transport(std::unique_ptr<ByteStream> stream, SslPtr ssl,
                                              RecordScratch& scratch);

}  // namespace troika::tls
