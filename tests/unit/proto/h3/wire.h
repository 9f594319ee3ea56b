#pragma once
// HTTP/3 written by hand, for what an orderly client would never send.
#include <initializer_list>
#include <vector>

#include "h3_pair.h"

namespace troika::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

// RFC 9000 §16; always in the longest form that the value of the first two bits allows.
inline std::string varint(std::uint64_t value) {
  const int bytes = value < 64 ? 1 : value < 16384 ? 2 : value < (1U << 30U) ? 4 : 8;
  std::string text(static_cast<std::size_t>(bytes), '\0');
  for (int i = bytes - 1; i >= 0; --i, value >>= 8U) {
    text[static_cast<std::size_t>(i)] = static_cast<char>(value & 0xffU);
  }
  const unsigned form = bytes == 1 ? 0U : bytes == 2 ? 1U : bytes == 4 ? 2U : 3U;
  text[0] = static_cast<char>(static_cast<unsigned char>(text[0]) | (form << 6U));
  return text;
}

// RFC 7541 §5.1: a number in the low `bits` of a byte that begins with `first`.
inline std::string prefixed(unsigned first, unsigned bits, std::uint64_t value) {
  const std::uint64_t full = (1U << bits) - 1;
  if (value < full) return {static_cast<char>(first | value)};
  std::string text{static_cast<char>(first | full)};
  for (value -= full; value >= 128; value >>= 7U) {
    text += static_cast<char>(0x80U | (value & 0x7fU));
  }
  return text + static_cast<char>(value);
}

inline std::string frame(std::uint64_t type, std::string_view payload) {
  return varint(type) + varint(payload.size()) + std::string(payload);
}
inline std::string data_frame(std::string_view payload) { return frame(0, payload); }

// RFC 9204 §4.5.6: every field literally, no table.
inline std::string literal_lines(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += prefixed(0x20, 3, name.size()) + name + prefixed(0, 7, value.size()) + value;
  }
  return text;
}
inline std::string headers_frame(const Fields& fields) {
  return frame(1, std::string(2, '\0') + literal_lines(fields));
}
inline Fields get_fields(std::string_view path = "/") {
  return {{":method", "GET"},
          {":scheme", "https"},
          {":authority", "localhost"},
          {":path", std::string(path)}};
}
inline Fields post_fields(std::initializer_list<std::pair<std::string, std::string>> more = {}) {
  Fields fields = get_fields();
  fields[0].second = "POST";
  fields.insert(fields.end(), more);
  return fields;
}

inline constexpr quic::StreamId kControl = 2, kEncoder = 6, kDecoder = 10, kServerControl = 3;

// A session whose peer is the test.
struct RawSession : Bench {
  RawSession(bool server, FakeQuic::Settings settings) : Bench("h3"), quic(server, settings) {}
  RawSession(const RawSession&) = delete;
  RawSession& operator=(const RawSession&) = delete;
  virtual ~RawSession() {
    CHECK(pool.outstanding() == 0);
    CHECK_FALSE(quic.broken);
  }

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

  void start(bool settings = true) {
    app = h3::make_session(services, quic);
    quic.start(*app, clock.now());
    if (settings) send(kControl, varint(0) + frame(4, ""));
    run();
  }
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
  RawClient() : RawSession(false, {.stream_window = 1U << 20U, .connection_window = 4U << 20U}) {}
  ~RawClient() override {
    calls.clear();
    quic.lose();
    app.reset();
  }

  std::unique_ptr<h3::ClientApplication> app = h3::make_client_session(pool, limits, quic);
  std::list<Call> calls;

  void start(std::string_view settings = {}) {
    quic.start(*app, clock.now());
    send(kServerControl, varint(0) + frame(4, settings));
    run();
  }
  Call& ask(const Request& request, std::unique_ptr<BodySource> body = nullptr) {
    Call& call = calls.emplace_back();
    auto stream = app->start(request, std::move(body), call.receiver);
    REQUIRE(stream.has_value());
    call.stream = std::move(*stream);
    run();
    return call;
  }
  Call& ask(std::string target) { return ask(make_request(std::move(target))); }
  void run(bool = true) override {
    RawSession::run();
    for (Call& each : calls) each.read();
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
                                kFrameError = 0x106, kIdError = 0x108, kSettingsError = 0x109,
                                kMissingSettings = 0x10a, kRequestRejected = 0x10b,
                                kRequestCancelled = 0x10c, kRequestIncomplete = 0x10d,
                                kMessageError = 0x10e, kDecompressionFailed = 0x200,
                                kEncoderStreamError = 0x201;

}  // namespace troika::test
