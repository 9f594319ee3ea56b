#pragma once
// Sessions whose peer is the test, which writes HTTP/3 by hand.
#include "frames.h"
#include "h3_pair.h"

namespace troika::test {

inline constexpr quic::StreamId kControl = 2, kEncoder = 6, kDecoder = 10, kServerControl = 3;

// A session whose peer is the test.
struct RawSession : Bench {
  RawSession(bool server, FakeQuic::Settings settings);
  RawSession(const RawSession&) = delete;
  RawSession& operator=(const RawSession&) = delete;
  virtual ~RawSession();

  FakeQuic quic;

  void send(quic::StreamId id, std::string_view bytes, bool fin = false) {
    quic.receive_text(id, bytes, fin, clock.now());
  }
  void exchange(quic::StreamId id, std::string_view bytes, bool fin = false) {
    send(id, bytes, fin);
    run();
  }
  virtual void run(bool acknowledge = true) {
    while (quic.turn(clock.now())) {
      if (acknowledge) quic.ack_all();
    }
  }
};

struct RawServer : RawSession {
  RawServer() : RawSession(true, {}) {}
  ~RawServer() override {
    quic.lose();
    app.reset();
  }

  std::unique_ptr<quic::QuicApplication> app;

  void start(bool settings = true);
  void pass(Duration by) {
    clock.advance(by);
    if (quic.alive() && app->deadline() <= clock.now()) app->on_deadline(clock.now());
    run();
  }
};

struct OpenServer : RawServer {
  OpenServer() { start(); }
};

struct RawClient : RawSession {
  RawClient();
  ~RawClient() override {
    calls.clear();
    quic.lose();
    app.reset();
  }

  std::unique_ptr<h3::ClientApplication> app;
  std::list<PairCall> calls;

  void start(std::string_view settings = {}) {
    quic.start(*app, clock.now());
    send(kServerControl, varint(0) + frame(4, settings));
    run();
  }
  PairCall& ask(const Request& request, std::unique_ptr<BodySource> body = nullptr);
  PairCall& ask(std::string target) { return ask(make_request(std::move(target))); }
  void run(bool = true) override {
    RawSession::run();
    for (PairCall& each : calls) each.read();
    RawSession::run();
  }
};

struct OpenClient : RawClient {
  OpenClient() { start(); }
};

// HTTP/3 error codes (RFC 9114 §8.1, RFC 9204 §6).
inline constexpr quic::AppError kNoErrorCode = 0x100, kGeneralProtocolError = 0x101,
                                kInternalError = 0x102, kStreamCreationError = 0x103,
                                kClosedCriticalStream = 0x104, kFrameUnexpected = 0x105,
                                kFrameError = 0x106, kExcessiveLoad = 0x107, kIdError = 0x108,
                                kSettingsError = 0x109, kMissingSettings = 0x10a,
                                kRequestRejected = 0x10b, kRequestCancelled = 0x10c,
                                kRequestIncomplete = 0x10d, kMessageError = 0x10e,
                                kDecompressionFailed = 0x200, kEncoderStreamError = 0x201;

}  // namespace troika::test
