#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/message/limits.h"
#include "http/message/message.h"

namespace troika::h1 {

// The name or the value of a field while it is parsed: a view of the input, copied only when the
// input ends in the middle of it.
class FieldText {
 public:
  void add(std::string_view piece);
  void detach();  // the input that it views is about to go away
  void clear() noexcept;
  std::string_view view() const noexcept { return own_.empty() ? view_ : own_; }

 private:
  std::string_view view_;
  std::string own_;
};

enum class ParserFault : std::uint8_t {
  none,
  syntax,          // of fields, status line or chunks
  fields_too_big,  // head or trailers
  chunk_overhead,  // chunk framing out of proportion to the data
  refused,         // the sink returned false
};

// Parses field sections, bodies and chunks with llhttp, with every lenient flag off. Stops after
// each head and each message. It does not parse request lines (see RequestLine): llhttp accepts
// only a fixed list of methods and versions, so it gets a constant line.
class Parser {
 public:
  class Sink {
   public:
    // One field line, of the head or of the trailers; false: parse no further.
    virtual bool on_field(std::string_view name, std::string_view value, bool trailer) = 0;
    virtual bool on_body(std::span<const std::byte> bytes) = 0;

   protected:
    ~Sink() = default;
  };
  enum class Event : std::uint8_t { more, head, message, fault };
  struct Progress {
    std::size_t consumed;
    Event event;
  };

  Parser(const Limits& limits, Sink& sink);
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  void begin_request();
  void begin_response();

  // After `head` comes the body. A message without one is over with its head: parse() is not
  // called again before the next begin.
  Progress parse(std::span<const std::byte> bytes);

  bool in_trailers() const noexcept { return in_trailers_; }  // behind the last chunk's size
  ParserFault fault() const noexcept { return fault_; }
  std::uint16_t status() const noexcept;  // of a response
  unsigned major_version() const noexcept;
  unsigned minor_version() const noexcept;

 private:
  struct Engine;  // llhttp and its callbacks

  void begin(std::size_t head_bytes) noexcept;
  Progress run(std::span<const std::byte> bytes);
  int fail(ParserFault fault) noexcept;
  int text(FieldText& part, const char* at, std::size_t size);
  int field_complete();
  int chunk_header(std::uint64_t size) noexcept;
  int body(const char* at, std::size_t size);
  bool overhead_too_big(std::uint64_t framing) const noexcept;

  const Limits& limits_;
  Sink& sink_;
  std::unique_ptr<Engine> engine_;
  FieldText name_, value_;
  std::size_t head_left_ = 0;  // bytes that the head may still have
  std::uint64_t framed_ = 0;   // bytes since the head, all of them
  std::uint64_t body_bytes_ = 0, trailer_bytes_ = 0;
  const std::byte* input_ = nullptr;  // what run() was given
  Event event_ = Event::more;
  ParserFault fault_ = ParserFault::none;
  bool in_body_ = false;
  bool chunk_begins_ = false;
  bool in_trailers_ = false;
};

std::string library_version();  // "llhttp 9.2.1", as compiled against

// The fields of one message that describe its framing and the connection (RFC 9112 §6, §9).
class MessageFields {
 public:
  void field(std::string_view name, std::string_view value);

  enum class Body : std::uint8_t { absent, length, chunked };
  // The status to refuse a request with, or 0. ResponseBuilder judges responses.
  std::uint16_t fault(HttpVersion version) const noexcept;
  Body body() const noexcept;

  bool close() const noexcept { return close_; }
  bool keep_alive() const noexcept { return keep_alive_; }
  bool upgrade() const noexcept { return upgrade_ != Upgrade::absent; }
  // `Upgrade: websocket` and nothing else, and Connection says so (RFC 9110 §7.8).
  bool websocket() const noexcept { return upgrade_ == Upgrade::websocket && names_upgrade_; }

 private:
  // Of Transfer-Encoding: `chunked` is the only one that we support.
  enum class Coding : std::uint8_t { absent, chunked, unknown, malformed };

  enum class Upgrade : std::uint8_t { absent, websocket, other };

  static Coding coding_of(std::string_view value) noexcept;
  void connection(std::string_view value) noexcept;

  unsigned lengths_ = 0;
  Coding coding_ = Coding::absent;
  Upgrade upgrade_ = Upgrade::absent;
  bool close_ = false, keep_alive_ = false, names_upgrade_ = false;
};

// The rest of the request body when the head of the response is written.
enum class BodyRest : std::uint8_t {
  none,     // it has ended
  bounded,  // it will be read, or is short enough to be discarded
  given_up  // too long to discard, or it may never come (RFC 9110 §10.1.1)
};

struct KeepAliveFacts {
  HttpVersion version = HttpVersion::http11;
  bool says_close = false;       // Connection: close in the request
  bool says_keep_alive = false;  // Connection: keep-alive
  bool upgrade = false;    // an Upgrade field: what follows may be another protocol (RFC 9931)
  bool until_end = false;  // the length of the response is not known beforehand
  bool refused = false;    // the request was not valid
  bool draining = false;
  BodyRest rest = BodyRest::none;
};

// RFC 9112 §9.3: may another request come on this connection after this response?
constexpr bool keeps_alive(const KeepAliveFacts& facts) noexcept {
  if (facts.says_close || facts.upgrade || facts.refused || facts.draining) return false;
  if (facts.rest == BodyRest::given_up) return false;
  // HTTP/1.0 has no chunks: a body without a length ends with the connection.
  if (facts.version == HttpVersion::http10) return facts.says_keep_alive && !facts.until_end;
  return true;
}

}  // namespace troika::h1
