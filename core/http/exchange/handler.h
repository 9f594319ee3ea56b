#pragma once
#include <memory>

#include "base/error.h"
#include "http/exchange/observer.h"
#include "http/message/body.h"
#include "http/message/message.h"

namespace troika {

struct Services;

// A handler responds through it. Valid until respond() with a response that has no content, the end
// of the response body, abort(), or the destruction of the Job, whichever is first.
class Responder {
 public:
  virtual Status inform(const ResponseHead& head) = 0;  // 1xx, any number of times before respond
  // Call it exactly once; a null body means empty content. Content-Length is set from
  // body->remaining(): do not add it. For HEAD, 204 and 304 the body is dropped. Date and Server
  // are added here. head.tunnel: only where a tunnel is offered, with a body.
  virtual Status respond(ResponseHead head, std::unique_ptr<BodySource> body) = 0;
  virtual void abort(AbortReason reason) noexcept = 0;  // before respond(): 500; after it: reset

 protected:
  ~Responder() = default;
};

// Handler work that goes on after start(). Destroying it cancels the work. It does not outlive its
// exchange, and it outlives the response body that it passed to respond().
class Job {
 public:
  virtual ~Job() = default;
};

struct RequestContext {
  // These live as long as the exchange. Once the response has begun, and start() has returned, the
  // request has no fields any more, and of its target only `raw`, perhaps cut.
  const Request& request;
  BodySource& body;  // stopped when start() returns null, else when the Job is destroyed
  const PeerInfo& peer;
  Services& services;
  Routed* routed = nullptr;  // where who chooses the handler says so; null: nobody asks
};

// One object for each snapshot of a worker; start() is called with no protocol engine on the stack.
class Handler {
 public:
  virtual ~Handler() = default;
  // It may respond with a tunnel where one is offered (Request::protocol). A handler that takes
  // none sees an upgrade of h1 as the GET that it is, and no extended CONNECT: the response to that
  // is 501.
  virtual bool takes_tunnels() const noexcept { return false; }
  // Null: respond() has been called and the request body is unwanted.
  [[nodiscard]] virtual std::unique_ptr<Job> start(RequestContext context,
                                                   Responder& responder) = 0;
};

}  // namespace troika
