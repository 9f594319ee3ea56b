#pragma once
// A client that writes frames by hand, right ones and wrong ones.
#include <nghttp2/nghttp2.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/h2/server_session.h"
#include "support/responses.h"
#include "support/session_harness.h"

namespace troika::h2 {

enum FrameType : std::uint8_t {
  kData,
  kHeaders,
  kPriority,
  kRstStream,
  kSettings,
  kPushPromise,
  kPing,
  kGoaway,
  kWindowUpdate,
  kContinuation
};
inline constexpr std::uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4;

std::string u32(std::uint32_t v);
std::string setting(std::uint16_t id, std::uint32_t value);
std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload = {});

using RawFields = std::vector<std::pair<std::string, std::string>>;
RawFields get_fields(std::string path = "/");
RawFields post_fields(std::string path = "/");

class RawPeer : public test::Bench {
 public:
  struct Frame {
    std::uint8_t type, flags;
    std::uint32_t stream;
    std::string payload;
    std::uint32_t code() const { return number(type == kGoaway ? 4 : 0); }  // also of RST_STREAM
    std::uint32_t last_stream() const { return number(0); }
    std::uint32_t number(std::size_t at) const {
      std::uint32_t v = 0;
      for (std::size_t i = at; i < at + 4; ++i) v = v << 8U | static_cast<std::uint8_t>(payload[i]);
      return v;
    }
  };

  // Limits may be changed before the first bytes.
  RawPeer();
  ~RawPeer();

  std::unique_ptr<ByteSession> server;
  std::vector<Frame> frames;                 // all that came from the server
  std::map<std::uint32_t, RawFields> heads;  // the last field section of each stream
  std::size_t high = 256U << 10U;

  // Gives the bytes to the server, as one read.
  Status send(std::string_view bytes) {
    if (server == nullptr) server = make_session(services, peer, host);
    return server->receive(test::bytes_of(bytes), clock.now());
  }
  void preface(std::string_view settings = {});
  // One flush; what it gives is taken at once.
  Status flush() {
    const Status status = server->produce(out_, high, clock.now());
    take();
    return status;
  }
  Status produce_only() { return server->produce(out_, high, clock.now()); }
  std::size_t queued() const { return out_.size(); }
  void take();
  // Flushes until the server has nothing more to say.
  void settle();

  void exchange(std::string_view bytes) {
    std::ignore = send(bytes);
    settle();
  }

  std::string block(const RawFields& fields);
  // HEADERS, and CONTINUATION frames where one frame does not hold it.
  std::string headers(std::uint32_t stream, const RawFields& fields, bool end_stream = true);
  std::string get(std::uint32_t stream, std::string path = "/") {
    return headers(stream, get_fields(std::move(path)));
  }

  std::size_t count(std::uint8_t type) const;
  const Frame* find(std::uint8_t type, std::uint32_t stream) const;
  std::optional<std::uint32_t> reset_code(std::uint32_t stream) const {
    const Frame* f = find(kRstStream, stream);
    return f == nullptr ? std::nullopt : std::optional(f->code());
  }
  std::optional<std::uint32_t> goaway_code() const {
    const Frame* f = find(kGoaway, 0);
    return f == nullptr ? std::nullopt : std::optional(f->code());
  }
  std::string status(std::uint32_t stream) const;
  std::string body(std::uint32_t stream) const;
  bool ended(std::uint32_t stream) const;

 private:
  void parse();
  RawFields inflate(const std::string& text);

  OutputQueue out_;
  std::string wire_;
  nghttp2_hd_deflater* deflater_ = nullptr;
  nghttp2_hd_inflater* inflater_ = nullptr;
};

// One whose preface and SETTINGS are through.
struct OpenPeer : RawPeer {
  OpenPeer() { preface(); }
};

}  // namespace troika::h2
