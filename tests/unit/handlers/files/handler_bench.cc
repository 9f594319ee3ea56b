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

Call::Call(Bench& bench, Handler& handler, Request r)
    : request(std::move(r)), request_body(bench.pool, {}) {
  job = handler.start({request, request_body, bench.peer, bench.services}, responder);
}

Call::~Call() = default;

}  // namespace troika::test
