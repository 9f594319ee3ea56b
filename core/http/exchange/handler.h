#pragma once
#include <memory>

#include "base/error.h"
#include "http/exchange/observer.h"
#include "http/message/body.h"
#include "http/message/message.h"

namespace troika {

struct Services;

// How a handler answers. Valid until respond() of a bodyless answer, the end of the response body,
// abort(), or the destruction of the Job, whichever comes first.
class Responder {
 public:
  virtual Status inform(const ResponseHead& head) = 0;  // 1xx, any number of times before respond
  // Exactly once; a null body is an empty one. Content-Length comes from body->remaining() and is
  // not set by hand; for HEAD, 204 and 304 the body is dropped. Date and Server are added here.
  virtual Status respond(ResponseHead head, std::unique_ptr<BodySource> body) = 0;
  virtual void abort(AbortReason reason) noexcept = 0;  // before a head: 500; after it: a reset

 protected:
  ~Responder() = default;
};

// Handler work that goes on after start(). Destroying it cancels; it lives at most as long as its
// exchange, and outlives the response body that it gave to respond().
class Job {
 public:
  virtual ~Job() = default;
};

struct RequestContext {
  const Request& request;  // these live as long as the exchange
  BodySource& body;        // is stopped when start() returned null, else when the Job is destroyed
  const PeerInfo& peer;
  Services& services;
};

// One object for each worker; start() is called with no protocol engine on the stack.
class Handler {
 public:
  virtual ~Handler() = default;
  // Null means: respond() was called already and the request body is not wanted.
  [[nodiscard]] virtual std::unique_ptr<Job> start(RequestContext context,
                                                   Responder& responder) = 0;
};

}  // namespace troika
