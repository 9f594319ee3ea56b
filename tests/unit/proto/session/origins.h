#pragma once
// A client of each protocol whose server is the test, which writes one response at a time.
#include <list>
#include <memory>
#include <string>

#include "base/text.h"
#include "proto/h1/client_session.h"
#include "proto/h2/client_session.h"
#include "unit/proto/h2/raw_peer.h"
#include "unit/proto/h3/wire.h"

namespace troika::test {

// Limits may be changed before the first request. Each response is to the request before it, or to
// the one `back` requests earlier.
class ByteOrigin : public Bench {
 public:
  explicit ByteOrigin(std::string alpn) : Bench(std::move(alpn)), out_(pool) {}
  virtual ~ByteOrigin() {
    calls_.clear();
    if (client_) client_->abort(AbortReason::peer_gone);
    client_.reset();
    out_.clear();
    CHECK(pool.outstanding() == 0);
  }
  ByteOrigin(const ByteOrigin&) = delete;
  ByteOrigin& operator=(const ByteOrigin&) = delete;

  std::size_t back = 0;
  ClientSession& session() { return *client_; }

  PairCall& ask(Method method = Method::get) {
    if (client_ == nullptr) client_ = connect();
    PairCall& call = calls_.emplace_back();
    auto stream = client_->start(make_request("/", method), nullptr, call.receiver, {});
    REQUIRE(stream.has_value());
    call.stream = std::move(*stream);
    run();
    return call;
  }

 protected:
  virtual std::unique_ptr<ClientByteSession> connect() = 0;
  std::size_t answered() const { return calls_.size() - back; }
  void deliver(std::string_view bytes) {
    std::ignore = client_->receive(bytes_of(bytes), clock.now());
    run();
  }
  void hang_up() {
    client_->receive_end(clock.now());
    run();
  }

 private:
  void run() {
    for (int i = 0; i < 2; ++i) {
      std::ignore = client_->produce(out_, 256U << 10U, clock.now());
      while (!out_.empty()) client_->on_written(out_.take(65536).size(), clock.now());
      for (PairCall& call : calls_) call.read();
    }
  }

  OutputQueue out_;
  std::unique_ptr<ClientByteSession> client_;
  std::list<PairCall> calls_;
};

class H1Origin : public ByteOrigin {
 public:
  H1Origin() : ByteOrigin("http/1.1") {}
  static constexpr HttpVersion kVersion = HttpVersion::http11;

  // last: no content follows.
  void head(unsigned status, Fields fields = {}, bool last = false) {
    const auto is_length = [](const auto& field) { return field.first == "content-length"; };
    chunked_ = !last && status >= 200 && std::ranges::none_of(fields, is_length);
    if (chunked_) fields.emplace_back("transfer-encoding", "chunked");
    deliver(formatted("HTTP/1.1 {:03} X\r\n", status) + lines(fields));
  }
  void data(const std::string& text) {
    deliver(chunked_ ? formatted("{:x}\r\n{}\r\n", text.size(), text) : text);
  }
  void trailers(const Fields& fields) { deliver("0\r\n" + lines(fields)); }
  void end() { chunked_ ? trailers({}) : hang_up(); }

 private:
  std::unique_ptr<ClientByteSession> connect() override {
    return h1::make_client_session(call_services, host);
  }
  static std::string lines(const Fields& fields) {
    std::string text;
    for (const auto& [name, value] : fields) text += name + ": " + value + "\r\n";
    return text + "\r\n";
  }

  bool chunked_ = false;
};

class H2Origin : public ByteOrigin {
 public:
  H2Origin() : ByteOrigin("h2") {}
  static constexpr HttpVersion kVersion = HttpVersion::http2;

  void head(unsigned status, Fields fields = {}, bool last = false) {
    fields.insert(fields.begin(), {":status", formatted("{:03}", status)});
    deliver(encoder_.headers(stream(), fields, last));
  }
  void data(const std::string& text) { deliver(h2::frame(h2::kData, 0, stream(), text)); }
  void trailers(const Fields& fields) { deliver(encoder_.headers(stream(), fields)); }
  void end() { deliver(h2::frame(h2::kData, h2::kEndStream, stream())); }
  // Of all requests, only so many have reached a handler.
  void goaway(std::uint32_t taken) {
    deliver(h2::frame(h2::kGoaway, 0, 0, h2::u32(taken == 0 ? 0 : 2 * taken - 1) + h2::u32(0)));
  }

 private:
  std::unique_ptr<ClientByteSession> connect() override {
    auto session = h2::make_client_session(call_services, host);
    std::ignore = session->receive(bytes_of(h2::frame(h2::kSettings, 0, 0)), clock.now());
    return session;
  }
  std::uint32_t stream() const { return static_cast<std::uint32_t>(2 * answered() - 1); }

  h2::RawPeer encoder_;
};

class H3Origin : private RawClient {
 public:
  H3Origin() = default;
  static constexpr HttpVersion kVersion = HttpVersion::http3;
  using RawClient::limits;

  std::size_t back = 0;
  ClientSession& session() { return *app; }

  PairCall& ask(Method method = Method::get) {
    if (calls.empty()) start();
    return RawClient::ask(make_request("/", method));
  }
  void head(unsigned status, Fields fields = {}, bool last = false) {
    fields.insert(fields.begin(), {":status", formatted("{:03}", status)});
    exchange(stream(), headers_frame(fields), last);
  }
  void data(const std::string& text) { exchange(stream(), data_frame(text)); }
  void trailers(const Fields& fields) { exchange(stream(), headers_frame(fields), true); }
  void end() { exchange(stream(), "", true); }
  void goaway(std::uint32_t taken) { exchange(kServerControl, frame(7, varint(4 * taken))); }

 private:
  quic::StreamId stream() const {
    return static_cast<quic::StreamId>(4 * (calls.size() - back - 1));
  }
};

}  // namespace troika::test
