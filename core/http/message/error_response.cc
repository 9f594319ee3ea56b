#include "http/message/error_response.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/buffer.h"

namespace troika {
namespace {

struct Known {
  std::uint16_t status;
  std::string_view text;  // status, a space, the phrase, a line feed: an error response's content
};

// RFC 9110 §15, RFC 6585 (428, 429, 431, 511), RFC 8297 (103), RFC 8470 (425), RFC 7538 (308).
constexpr std::array kKnown{
    Known{100, "100 Continue\n"},
    Known{101, "101 Switching Protocols\n"},
    Known{103, "103 Early Hints\n"},
    Known{200, "200 OK\n"},
    Known{201, "201 Created\n"},
    Known{202, "202 Accepted\n"},
    Known{203, "203 Non-Authoritative Information\n"},
    Known{204, "204 No Content\n"},
    Known{205, "205 Reset Content\n"},
    Known{206, "206 Partial Content\n"},
    Known{300, "300 Multiple Choices\n"},
    Known{301, "301 Moved Permanently\n"},
    Known{302, "302 Found\n"},
    Known{303, "303 See Other\n"},
    Known{304, "304 Not Modified\n"},
    Known{307, "307 Temporary Redirect\n"},
    Known{308, "308 Permanent Redirect\n"},
    Known{400, "400 Bad Request\n"},
    Known{401, "401 Unauthorized\n"},
    Known{403, "403 Forbidden\n"},
    Known{404, "404 Not Found\n"},
    Known{405, "405 Method Not Allowed\n"},
    Known{406, "406 Not Acceptable\n"},
    Known{407, "407 Proxy Authentication Required\n"},
    Known{408, "408 Request Timeout\n"},
    Known{409, "409 Conflict\n"},
    Known{410, "410 Gone\n"},
    Known{411, "411 Length Required\n"},
    Known{412, "412 Precondition Failed\n"},
    Known{413, "413 Content Too Large\n"},
    Known{414, "414 URI Too Long\n"},
    Known{415, "415 Unsupported Media Type\n"},
    Known{416, "416 Range Not Satisfiable\n"},
    Known{417, "417 Expectation Failed\n"},
    Known{421, "421 Misdirected Request\n"},
    Known{422, "422 Unprocessable Content\n"},
    Known{425, "425 Too Early\n"},
    Known{426, "426 Upgrade Required\n"},
    Known{428, "428 Precondition Required\n"},
    Known{429, "429 Too Many Requests\n"},
    Known{431, "431 Request Header Fields Too Large\n"},
    Known{500, "500 Internal Server Error\n"},
    Known{501, "501 Not Implemented\n"},
    Known{502, "502 Bad Gateway\n"},
    Known{503, "503 Service Unavailable\n"},
    Known{504, "504 Gateway Timeout\n"},
    Known{505, "505 HTTP Version Not Supported\n"},
    Known{511, "511 Network Authentication Required\n"},
};
static_assert(std::ranges::is_sorted(kKnown, {}, &Known::status));

std::string_view text_of(std::uint16_t status) noexcept {
  const auto* const found = std::ranges::lower_bound(kKnown, status, {}, &Known::status);
  return found != kKnown.end() && found->status == status ? found->text : "";
}

class StaticBody final : public BodySource {
 public:
  explicit StaticBody(std::string_view text) noexcept : left_(Slice::of_static(text)) {}

  Result<Pulled> pull(std::size_t max_bytes) override {
    if (left_.empty()) return Pulled{};
    Slice piece = left_.sub(0, std::min({left_.size(), max_bytes, kMaxPull}));
    left_.remove_prefix(piece.size());
    return Pulled{PullState::data, std::move(piece)};
  }
  void set_waker(Waker*) noexcept override {}
  std::optional<std::uint64_t> remaining() const noexcept override { return left_.size(); }

 private:
  Slice left_;
};

// A slab is much larger than most texts, so that they get one when they are pulled.
class TextBody final : public BodySource {
 public:
  TextBody(BufferPool& pool, std::string_view text) : pool_(pool), text_(text) {}

  Result<Pulled> pull(std::size_t max_bytes) override {
    if (piece_.empty() && given_ < text_.size()) {
      piece_ = pool_.copy(std::string_view(text_).substr(given_, kMaxPull));
      given_ += piece_.size();
    }
    if (piece_.empty()) return Pulled{};
    return Pulled{PullState::data, piece_.take(0, std::min(piece_.size(), max_bytes))};
  }
  void set_waker(Waker*) noexcept override {}
  std::size_t held() const noexcept override {
    return sizeof(*this) + text_.size() + piece_.slab_bytes();
  }
  std::optional<std::uint64_t> remaining() const noexcept override {
    return text_.size() - given_ + piece_.size();
  }

 private:
  BufferPool& pool_;
  std::string text_;
  std::size_t given_ = 0;  // of the text, to pieces
  Slice piece_;            // not yet pulled
};

}  // namespace

std::string_view reason_phrase(std::uint16_t status) noexcept {
  const std::string_view text = text_of(status);
  return text.empty() ? text : text.substr(4, text.size() - 5);
}

std::unique_ptr<BodySource> static_body(std::string_view text) {
  return std::make_unique<StaticBody>(text);
}

std::unique_ptr<BodySource> text_body(BufferPool& pool, std::string_view text) {
  return std::make_unique<TextBody>(pool, text);
}

ErrorResponse error_response(std::uint16_t status) {
  ErrorResponse response;
  response.head.status = status;
  response.head.headers.add("content-type", "text/plain; charset=utf-8");
  response.head.headers.add("x-content-type-options", "nosniff");
  response.head.headers.add("content-security-policy", "default-src 'none'");
  const std::string_view text = text_of(status);
  response.body = static_body(text.empty() ? "Error\n" : text);
  return response;
}

}  // namespace troika
