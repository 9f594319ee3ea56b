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
  void keep();  // the input that the view shows goes away
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
  chunk_overhead,  // chunk framing out of proportion to what it carries
  refused,         // the sink said no
};

// Field sections, bodies and chunks as llhttp reads them, every lenient flag off. Stops after each
// head and each message. A request line is not its business (see RequestLine): llhttp is shown a
// fixed one, because it would take a fixed list of methods and versions only.
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

  ParserFault fault() const noexcept { return fault_; }
  bool in_body() const noexcept { return in_body_; }  // `head` was reported
  std::uint16_t status() const noexcept;              // of a response
  unsigned major_version() const noexcept;
  unsigned minor_version() const noexcept;

 private:
  struct Engine;  // llhttp and its callbacks

  void begin() noexcept;
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
};

std::string library_version();  // "llhttp 9.2.1", as compiled against

// What the fields of one message say about its framing and about the connection (RFC 9112 §6, §9).
class MessageFields {
 public:
  void field(std::string_view name, std::string_view value);

  enum class Body : std::uint8_t { absent, length, chunked };
  // The status to refuse a request with, or 0. A response with a fault is no response.
  std::uint16_t fault(HttpVersion version) const noexcept;
  Body body() const noexcept;

  bool close() const noexcept { return close_; }
  bool keep_alive() const noexcept { return keep_alive_; }
  bool upgrade() const noexcept { return upgrade_; }

 private:
  // Of Transfer-Encoding: `chunked` alone is what we know.
  enum class Coding : std::uint8_t { absent, chunked, unknown, malformed };

  static Coding coding_of(std::string_view value) noexcept;
  void connection(std::string_view value) noexcept;

  unsigned lengths_ = 0;
  Coding coding_ = Coding::absent;
  bool close_ = false, keep_alive_ = false, upgrade_ = false;
};

}  // namespace troika::h1
