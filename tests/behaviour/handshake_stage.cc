#include "behaviour/handshake_stage.h"

#include <catch2/catch_test_macros.hpp>

#include "proto/h1/client_session.h"
#include "proto/h1/server_session.h"
#include "proto/h2/client_session.h"
#include "proto/h2/server_session.h"
#include "proto/h3/session.h"
#include "support/fake_quic.h"
#include "support/responses.h"

namespace troika::test {
namespace {

class OverBytes final : public HandshakeStage {
 public:
  explicit OverBytes(bool h2) : HandshakeStage(h2 ? "h2" : "http/1.1"), h2_(h2) {}
  ~OverBytes() override { lose(); }

  void open(bool handshaking, std::string server_name) override {
    bench.peer.security.handshaking = handshaking;
    bench.peer.security.server_name = std::move(server_name);
    server_ = h2_ ? h2::make_session(bench.services, bench.peer, bench.host)
                  : h1::make_session(bench.services, bench.peer, bench.host);
    client_ = h2_ ? h2::make_client_session(client_services, bench.client_host)
                  : h1::make_client_session(client_services, bench.client_host);
    wire_.emplace(bench.pool, bench.clock, *client_, *server_);
  }
  void end_handshake() override {
    bench.peer.security.handshaking = false;
    bench.host.take();
    server_->on_handshake_done(bench.clock.now());
  }
  void run() override {
    for (bool moved = true; moved;) {
      moved = wire_->turn();
      for (const auto& one : fetches) moved = one->pump() || moved;
    }
  }
  void lose() override {
    if (server_ != nullptr) server_->abort(AbortReason::peer_gone);
    if (client_ != nullptr) client_->abort(AbortReason::peer_gone);
    fetches.clear();
    wire_.reset();
    server_.reset();
    client_.reset();
  }

 private:
  ClientSession& client() override { return *client_; }

  bool h2_;
  std::unique_ptr<ByteSession> server_;
  std::unique_ptr<ClientByteSession> client_;
  std::optional<Wire> wire_;
};

class OverQuic final : public HandshakeStage {
 public:
  OverQuic() : HandshakeStage("h3") { FakeQuic::join(client_quic_, server_quic_); }
  ~OverQuic() override { lose(); }

  void open(bool handshaking, std::string server_name) override {
    server_quic_.known_security().server_name = std::move(server_name);
    server_quic_.known_remote() = bench.peer.remote;
    server_ = h3::make_session(bench.services, server_quic_);
    client_ = h3::make_client_session(client_services, client_quic_);
    client_quic_.start(*client_, bench.clock.now());
    server_quic_.start_early(*server_);
    if (!handshaking) end_handshake();
  }
  void end_handshake() override { server_quic_.end_handshake(bench.clock.now()); }
  void run() override {
    const TimePoint now = bench.clock.now();
    for (bool moved = true; moved;) {
      moved = client_quic_.turn(now);
      moved = server_quic_.turn(now) || moved;
      moved = server_quic_.deliver(now) || moved;
      moved = client_quic_.deliver(now) || moved;
      for (const auto& one : fetches) moved = one->pump() || moved;
    }
  }
  void lose() override {
    server_quic_.lose();
    client_quic_.lose();
    fetches.clear();
    server_.reset();
    client_.reset();
  }

 private:
  ClientSession& client() override { return *client_; }

  FakeQuic client_quic_{false}, server_quic_{true};
  std::unique_ptr<quic::QuicApplication> server_;
  std::unique_ptr<h3::ClientApplication> client_;
};

}  // namespace

void over_each(std::span<const NamedProtocol> protocols,
               const std::function<void(HandshakeStage&)>& check) {
  for (const auto& [protocol, name] : protocols) {
    INFO(name);
    std::unique_ptr<HandshakeStage> stage;
    if (protocol == client::Protocol::h3) {
      stage = std::make_unique<OverQuic>();
    } else {
      stage = std::make_unique<OverBytes>(protocol == client::Protocol::h2);
    }
    int jobs = 0;
    stage->bench.handler.answer = echo(jobs);
    check(*stage);
    stage->lose();
    CHECK(jobs == 0);
    CHECK(stage->bench.peer.held == 0);
    CHECK(stage->bench.pool.outstanding() == 0);
    CHECK(stage->client_pool.outstanding() == 0);
    CHECK(stage->bench.observer.entries.size() == stage->begun);
  }
}

}  // namespace troika::test
