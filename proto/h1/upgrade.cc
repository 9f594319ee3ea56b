#include "proto/h1/upgrade.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "proto/h1/writer.h"

namespace troika::h1 {
namespace {

constexpr std::string_view kAcceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kKeyBytes = 16, kKeyText = 24;

std::string base64(std::span<const unsigned char> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the zero that OpenSSL adds
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                  static_cast<int>(bytes.size()));
  text.pop_back();
  return text;
}

}  // namespace

std::string make_websocket_key(Random& random) {
  std::array<unsigned char, kKeyBytes> key;
  random.fill(std::as_writable_bytes(std::span(key)));
  return base64(key);
}

bool valid_websocket_key(std::string_view key) noexcept {
  const auto digit = [](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || c == '+' || c == '/';
  };
  return key.size() == kKeyText && key.ends_with("==") &&
         std::ranges::all_of(key.substr(0, kKeyText - 2), digit);
}

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key).append(kAcceptSuffix);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  std::size_t size = 0;
  EVP_Q_digest(nullptr, "SHA1", nullptr, text.data(), text.size(), digest.data(), &size);
  return base64(std::span(digest).first(size));
}

std::string upgrade_response_head(const ResponseHead& head, std::string_view accept) {
  std::string text =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Accept: ";
  text.append(accept).append("\r\n");
  append_fields(text, head.headers);
  return text += "\r\n";
}

std::string upgrade_request_head(const Request& request, std::string_view key) {
  std::string text = formatted(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: {}\r\n",
      request.target.raw, request.authority, key);
  if (!request.headers.has("sec-websocket-version")) text += "Sec-WebSocket-Version: 13\r\n";
  append_fields(text, request.headers);
  return text += "\r\n";
}

}  // namespace troika::h1
