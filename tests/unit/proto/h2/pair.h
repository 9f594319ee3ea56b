#pragma once
// A client session and a server session on one wire.
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "proto/h2/client_session.h"
#include "proto/h2/server_session.h"
#include "support/responses.h"
#include "support/session_harness.h"

namespace troika::h2 {

inline Request make_request(std::string path, Method method = Method::get) {
  Request request;
  request.method = method;
  request.method_text = name_of(method);
  request.scheme = "https";
  request.authority = "example.test";
  request.target.raw = std::move(path);
  request.version = HttpVersion::http2;
  return request;
}

// One request as a test sees it.
struct Call {
  test::RecordingReceiver receiver;
  std::unique_ptr<troika::ClientStream> stream;
  std::string body;
  test::ReadState state = test::ReadState::blocked;

  void read() {
    if (stream && receiver.head && state == test::ReadState::blocked) {
      state = test::read_body(stream->body(), body);
    }
  }
  bool whole() const { return receiver.head && state == test::ReadState::end; }
};

struct Pair : test::Bench {
  Pair() { open(); }
  // With limits or timeouts of its own: `change(bench)` comes before the sessions are made.
  template <class Change>
  explicit Pair(Change change) {
    change(static_cast<test::Bench&>(*this));
    open();
  }

  Call& start(Request request, std::unique_ptr<BodySource> body = nullptr) {
    Call& call = calls.emplace_back();
    auto stream = client->start(request, std::move(body), call.receiver);
    if (stream) call.stream = std::move(*stream);
    return call;
  }
  // Until nothing moves; the bodies of all calls are read as they come.
  void run() {
    do {
      wire->run();
      for (Call& call : calls) call.read();
      wire->run(1);
    } while (wire->turn());
  }
  Call& fetch(Request request, std::unique_ptr<BodySource> body = nullptr) {
    Call& call = start(std::move(request), std::move(body));
    run();
    return call;
  }
  void advance(Duration by) {
    clock.advance(by);
    if (server->deadline() <= clock.now()) server->on_deadline(clock.now());
  }

  std::unique_ptr<ByteSession> server;
  std::unique_ptr<ClientByteSession> client;
  std::unique_ptr<test::Wire> wire;
  std::list<Call> calls;  // their streams go before the sessions

 private:
  void open() {
    server = make_session(services, peer, host);
    client = make_client_session(pool, limits, client_host);
    wire = std::make_unique<test::Wire>(pool, clock, *client, *server);
  }
};

}  // namespace troika::h2
