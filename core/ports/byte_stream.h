#pragma once
#include <sys/uio.h>

#include <cstddef>
#include <span>

#include "base/result.h"
#include "ports/address.h"

namespace troika {

// A raw, non-blocking, ordered byte stream: a TCP socket, or a pair in memory for tests.
// All calls and callbacks happen on the worker that owns it.
class ByteStream {
 public:
  // Called from the loop only, never from inside a call to the stream. After on_closed nothing
  // more is called. The observer may not destroy the stream inside a callback (see Deferred).
  class Observer {
   public:
    virtual void on_bytes(std::span<const std::byte> bytes) = 0;  // valid during the call only
    virtual void on_end() = 0;              // the peer will send no more (FIN)
    virtual void on_writable() = 0;         // once, after a write_some that took less than all
    virtual void on_closed(Error why) = 0;  // reset by the peer or failed

   protected:
    ~Observer() = default;
  };

  virtual ~ByteStream() = default;  // closes
  // Begins to read. Called once more, another observer takes over, from inside a callback too.
  virtual void start(Observer& observer) = 0;
  virtual void set_reading(bool on) = 0;
  // Takes what the kernel takes, at once: 0 to all of the bytes. Taking less than all means that
  // on_writable will follow. An error means that the stream is dead.
  virtual Result<std::size_t> write_some(std::span<const iovec> bytes) = 0;
  virtual void shutdown_write() = 0;  // FIN after what was written
  virtual void reset() = 0;           // RST instead of FIN when it is destroyed
  virtual const Address& local() const noexcept = 0;
  virtual const Address& remote() const noexcept = 0;
};

}  // namespace troika
