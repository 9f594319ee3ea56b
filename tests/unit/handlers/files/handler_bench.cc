#include "handler_bench.h"

#include "http/message/target.h"

namespace troika::test {

Request request_for(std::string_view method, std::string_view raw) {
  Request request;
  request.method = method_from(method);
  request.method_text = method;
  request.target = parse_target(raw).value();
  return request;
}

HandlerCall::HandlerCall(Bench& bench, Handler& handler, Request r, const PeerInfo* peer)
    : request(std::move(r)), request_body(bench.pool, {}) {
  job = handler.start({request, request_body, peer == nullptr ? bench.peer : *peer, bench.services},
                      responder);
}

HandlerCall::~HandlerCall() = default;

}  // namespace troika::test
