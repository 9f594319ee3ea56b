#pragma once
// A client session and a server session of one protocol, joined in memory. What holds for several
// protocols is tested in unit/proto/session, once.
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "support/responses.h"
#include "support/session_harness.h"

namespace troika::test {

// Why the session begins no other request.
ErrorCode refusal(ClientSession& session);

// One request of the client and what came of it.
struct PairCall {
  RecordingReceiver receiver;
  CallHandle stream;
  std::string body;
  ReadState state = ReadState::blocked;
  bool reads = true;  // run() pulls the response

  void read() {
    if (reads && stream && receiver.head && state == ReadState::blocked) {
      state = read_body(stream->body(), body);
    }
  }
  bool whole() const { return receiver.head && state == ReadState::end; }
};

// Limits and timeouts may be changed before the first request. At its end nothing may be left.
class SessionPair : public Bench {
 public:
  explicit SessionPair(std::string alpn);
  virtual ~SessionPair();

  std::list<PairCall> calls;
  CallTimeouts timeouts_of_calls;  // of those that start from now on
  ClientSession* user = nullptr;   // the client's session, once it is open

  virtual void open() = 0;
  virtual bool step() = 0;  // a turn of either side; false: nothing moved
  // Until nothing moves.
  void run();
  PairCall& start(const Request& request, std::unique_ptr<BodySource> body = nullptr);
  // A POST if there is a body, or else a GET.
  PairCall& start(std::string target, std::unique_ptr<BodySource> body = nullptr);
  template <class Asked>
  PairCall& fetch(Asked&& asked, std::unique_ptr<BodySource> body = nullptr) {
    PairCall& call = start(std::forward<Asked>(asked), std::move(body));
    run();
    return call;
  }
  // Tells the server of what is due then.
  void advance(Duration by) {
    clock.advance(by);
    server_deadline(clock.now());
  }
  void pass(Duration by) {
    advance(by);
    run();
  }
  // Tells the client.
  void pass_for_client(Duration by) {
    clock.advance(by);
    client_deadline(clock.now());
    run();
  }

 protected:
  virtual void client_deadline(TimePoint now) = 0;
  virtual void server_deadline(TimePoint now) = 0;
  void read() {
    for (PairCall& call : calls) call.read();
  }
};

// Over a byte stream.
class BytePair : public SessionPair {
 public:
  explicit BytePair(std::string alpn);
  ~BytePair() override;
  BytePair(const BytePair&) = delete;
  BytePair& operator=(const BytePair&) = delete;

  std::unique_ptr<ByteSession> server;
  std::unique_ptr<ClientByteSession> client;
  std::unique_ptr<Wire> wire;

  bool step() override {
    read();
    return wire->turn();
  }
  void in_pieces_of(std::size_t bytes) { wire->chunk = bytes; }
  std::uint64_t uploaded() const { return wire->to_server; }
  void drain_server() { server->drain(); }
  void drain_client() { client->drain(); }
  bool server_finished() const { return server->interest().finished; }
  bool client_finished() const { return client->interest().finished; }
  TimePoint deadline() const { return server->deadline(); }

 protected:
  void join(std::unique_ptr<ByteSession> its_server, std::unique_ptr<ClientByteSession> its_client);

 private:
  void client_deadline(TimePoint now) override {
    if (client->deadline() <= now) client->on_deadline(now);
  }
  void server_deadline(TimePoint now) override {
    if (server->deadline() <= now) server->on_deadline(now);
  }
};

}  // namespace troika::test
