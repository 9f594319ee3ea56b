#pragma once
#include <cstdint>
#include <memory>

#include "http/message/body.h"
#include "http/message/message.h"

namespace troika {

// Told how a request of ours goes. Calls come from inside the session, an engine may be on the
// stack: only record, and act from the loop. At most one of on_response, on_failed comes first.
class ResponseReceiver {
 public:
  virtual void on_informational(const ResponseHead&) {}  // 1xx
  virtual void on_response(ResponseHead head) = 0;       // now ClientStream::body() can be pulled
  // The stream ended without a whole response head, or its body failed later (the pull then gives
  // an error, too). wire_code: the HTTP/2 or HTTP/3 error code that the peer sent, else 0.
  virtual void on_failed(AbortReason reason, std::uint64_t wire_code) = 0;

 protected:
  ~ResponseReceiver() = default;
};

// A request of ours in flight; owned by the caller. Destroying it cancels (RST_STREAM,
// STOP_SENDING and RESET_STREAM, closing an h1 connection) when it is not finished, and ends the
// calls to the receiver. It must not outlive its session.
class ClientStream {
 public:
  virtual ~ClientStream() = default;
  virtual BodySource& body() = 0;              // the response body; unread bytes hold the window
  virtual bool finished() const noexcept = 0;  // both directions are over
};

// The client side of a connection, common to the three protocols.
class ClientSession {
 public:
  virtual ~ClientSession() = default;
  // A null body is none. Fails with `unavailable` when no more requests can be begun on this
  // connection now (h1: one is in flight; h2, h3: stream limit, GOAWAY) and `closed` when it ended.
  virtual Result<std::unique_ptr<ClientStream>> start(const Request& request,
                                                      std::unique_ptr<BodySource> body,
                                                      ResponseReceiver& receiver) = 0;
  // As many are in flight as the peer allows: the next one has to wait.
  virtual bool full() const noexcept = 0;
  // The peer takes no new requests any more (GOAWAY, Connection: close).
  virtual bool draining() const noexcept = 0;
};

}  // namespace troika
