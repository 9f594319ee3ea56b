#include "files/canary.h"

#include <array>
#include <span>

#include "base/random.h"
#include "base/text.h"
#include "handlers/digest.h"
#include "tools/parity/coding.h"

namespace troika::files {
namespace {

constexpr std::array kCodings{"gzip", "br", "zstd"};

std::string random_word() {
  std::array<std::byte, 16> bytes{};
  SystemRandom().fill(bytes);
  std::string word;
  for (const std::byte byte : bytes) word += formatted("{:02x}", std::to_integer<unsigned>(byte));
  return word;
}

}  // namespace

Canary::Canary(std::size_t size) : word_(random_word()) {
  while (text_.size() < size) text_ += "CANARY " + word_ + "\n";
  text_.resize(size);
  digest_ = base64(sha256(std::as_bytes(std::span(text_))));
}

bool Canary::shows_size(std::string_view name, std::string_view value) const {
  const std::size_t size = text_.size();
  if (name == "content-length") return value == std::to_string(size);
  if (name == "content-range") return value.ends_with(formatted("/{}", size));
  return name == "etag" && value.contains(formatted("\"{:x}-", size));
}

std::string Canary::seen_in(const parity::Answer& answer) const {
  for (const parity::Fields* fields : {&answer.fields, &answer.trailers}) {
    for (const auto& [name, value] : *fields) {
      const bool shown = name.contains(word_) || value.contains(word_) || value.contains(digest_);
      if (shown || shows_size(name, value)) return formatted("{}: {}", name, value);
    }
  }
  if (answer.body.contains(word_)) return "the body";
  for (const char* const coding : kCodings) {
    const auto decoded = parity::decode(coding, answer.body);
    if (decoded && decoded->contains(word_)) return formatted("the body, in {}", coding);
  }
  return {};
}

}  // namespace troika::files
