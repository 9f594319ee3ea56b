#pragma once
#include <cstdint>
#include <memory>

#include "http/message/body.h"
#include "http/message/message.h"

namespace troika {

// Receives the outcome of a request that we sent. Called from inside the session, possibly with an
// engine on the stack: only record, and act from the loop. on_response comes at most once and never
// after on_failed.
class ResponseReceiver {
 public:
  virtual void on_informational(const ResponseHead&) {}  // 1xx
  virtual void on_response(ResponseHead head) = 0;       // body() can be pulled from now on
  // The stream ended without a complete response head, or the body failed later (then the pull also
  // returns an error). wire_code: the HTTP/2 or HTTP/3 error code that the peer sent, else 0.
  virtual void on_failed(AbortReason reason, std::uint64_t wire_code) = 0;

 protected:
  ~ResponseReceiver() = default;
};

// A request in flight that we sent; owned by the caller. Destroying it before it is finished
// cancels it (RST_STREAM; STOP_SENDING and RESET_STREAM; h1 closes the connection). The receiver is
// not called after that. It must not outlive its session.
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
  // A null body means no content. Fails with `unavailable` when no request can be started on this
  // connection now (h1: one is in flight; h2, h3: stream limit, GOAWAY) and with `closed` when the
  // connection has ended.
  virtual Result<std::unique_ptr<ClientStream>> start(const Request& request,
                                                      std::unique_ptr<BodySource> body,
                                                      ResponseReceiver& receiver) = 0;
  // As many requests are in flight as the peer allows: the next one must wait.
  virtual bool full() const noexcept = 0;
  // The peer accepts no new requests (GOAWAY, Connection: close).
  virtual bool draining() const noexcept = 0;
};

}  // namespace troika
