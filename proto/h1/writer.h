#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "http/message/fields.h"
#include "http/message/message.h"

namespace troika::h1 {

// How the end of a body is shown on the wire.
enum class Delimiter : std::uint8_t { none, length, chunked, close };

struct ResponseShape {
  Delimiter body = Delimiter::none;
  std::string_view connection;  // value of that field; empty: none
};

std::string response_head(const ResponseHead& head, ResponseShape shape);
// length: of the body; nullopt with Delimiter::chunked. Adds Host and the framing.
std::string request_head(const Request& request, Delimiter body,
                         std::optional<std::uint64_t> length);

std::string chunk_head(std::size_t size);
inline constexpr std::string_view kChunkEnd = "\r\n";
std::string last_chunk(const HeaderMap& trailers);

// What the bytes in the output queue are, in order, so that progress on the wire can be told to the
// exchange whose it is.
template <class Stream>
class SentLedger {
 public:
  void add(Stream& stream, std::size_t bytes, bool body) {
    marks_.push_back({&stream, bytes, body});
  }
  void add_end(Stream& stream) { marks_.push_back({&stream, 0, false}); }

  // `bytes` left: calls on_body(stream, n) for what of them was body, on_end(stream) at its end.
  template <class OnBody, class OnEnd>
  void sent(std::size_t bytes, OnBody on_body, OnEnd on_end) {
    while (!marks_.empty()) {
      Mark& first = marks_.front();
      const std::size_t n = std::min(bytes, first.bytes);
      bytes -= n;
      first.bytes -= n;
      if (n > 0 && first.body) on_body(*first.stream, n);
      if (first.bytes > 0) return;
      const Mark done = first;
      marks_.pop_front();
      if (done.end) on_end(*done.stream);
    }
  }
  void clear() noexcept { marks_.clear(); }

 private:
  struct Mark {
    Stream* stream;
    std::size_t bytes;
    bool body;
    bool end = bytes == 0;
  };
  std::deque<Mark> marks_;
};

}  // namespace troika::h1
