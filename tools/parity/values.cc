#include "tools/parity/values.h"

#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <optional>
#include <span>

#include "base/text.h"

namespace troika::parity {
namespace {

struct Stat {
  std::uint64_t size, nanoseconds;
  std::time_t seconds;
  bool whole;  // has no fraction of a second
};

std::optional<Stat> stat_of(const Fixture& fixture, const std::string& file) {
  struct stat found{};
  if (stat((fixture.root() / file).c_str(), &found) != 0) return {};
  return Stat{static_cast<std::uint64_t>(found.st_size),
              static_cast<std::uint64_t>(found.st_mtim.tv_sec) * 1'000'000'000 +
                  static_cast<std::uint64_t>(found.st_mtim.tv_nsec),
              found.st_mtim.tv_sec, found.st_mtim.tv_nsec == 0};
}

std::string http_date(std::time_t seconds) {
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

// ".br" and the like when `file` is the precompressed file of another file, else "".
std::string sidecar_suffix(const Fixture& fixture, const std::string& file) {
  for (const std::string suffix : {".br", ".zst", ".gz"}) {
    if (file.ends_with(suffix) &&
        stat_of(fixture, file.substr(0, file.size() - suffix.size())).has_value()) {
      return suffix;
    }
  }
  return "";
}

// Of a file whose own name says how it is coded.
std::string own_suffix(const std::string& file) {
  return file.ends_with(".svgz") ? ".gz" : file.substr(std::min(file.rfind('.'), file.size()));
}

std::array<unsigned char, 32> sha256_of(std::string_view bytes) {
  std::array<unsigned char, 32> sum{};
  EVP_Digest(bytes.data(), bytes.size(), sum.data(), nullptr, EVP_sha256(), nullptr);
  return sum;
}

std::string base64_sha256(std::string_view bytes) {
  const auto sum = sha256_of(bytes);
  std::array<unsigned char, 45> text{};  // with the NUL that OpenSSL writes
  EVP_EncodeBlock(text.data(), sum.data(), static_cast<int>(sum.size()));
  return reinterpret_cast<const char*>(text.data());
}

// Takes a last word that begins with one of `marks` off `text`.
std::string take_last(std::string& text, std::string_view marks) {
  const std::size_t space = text.rfind(' ');
  if (space == std::string::npos || space + 1 == text.size()) return "";
  if (!marks.empty() && !marks.contains(text[space + 1])) return "";
  const std::string word = text.substr(space + 1);
  text.resize(space);
  return word;
}

Checked<std::string> date_of(const Fixture& fixture, std::string file) {
  std::string offset = take_last(file, "+-");
  std::time_t seconds = 0;
  if (!offset.empty()) {
    const char* const begin = offset.data() + (offset[0] == '+' ? 1 : 0);
    const auto [end, error] = std::from_chars(begin, offset.data() + offset.size(), seconds);
    if (error != std::errc{} || *end != '\0') return std::unexpected("no such offset: " + offset);
  }
  const auto found = stat_of(fixture, file);
  if (!found) return std::unexpected(formatted("there is no file {} in the fixture", file));
  return http_date(found->seconds + seconds);
}

// Of the content, when the time has no fraction and the file at most 1 MiB; else of size and time.
Checked<std::string> opaque_of(const Fixture& fixture, const std::string& file, const Stat& found) {
  constexpr std::uint64_t kMost = 1U << 20U;
  const bool of_content = found.whole && found.size <= kMost;
  if (!of_content) return formatted("{:x}-{:x}", found.size, found.nanoseconds);
  const auto bytes = fixture.read(file);
  if (!bytes) return bytes;
  std::string text;
  const auto sum = sha256_of(*bytes);
  for (const unsigned char byte : std::span(sum).first<16>()) {
    text += formatted("{:02x}", byte);
  }
  return text;
}

Checked<std::string> value_of(const Fixture& fixture, std::string_view kind, std::string file) {
  if (kind == "date") return date_of(fixture, std::move(file));
  std::string coding;
  if (kind == "live") {
    coding = take_last(file, "");
    if (coding == "zstd") coding = "zst";
    if (coding == "gzip") coding = "gz";
    if (coding != "br" && coding != "zst" && coding != "gz") {
      return std::unexpected("{live FILE br|zstd|gzip}");
    }
  }
  const auto found = stat_of(fixture, file);
  if (!found) return std::unexpected(formatted("there is no file {} in the fixture", file));
  if (kind == "times") return formatted("\"{:x}-{:x}\"", found->size, found->nanoseconds);
  const auto opaque = opaque_of(fixture, file, *found);
  if (!opaque) return opaque;
  if (kind == "live") return formatted("W/\"{}+{}\"", *opaque, coding);
  if (kind == "coded") return formatted("\"{}{}\"", *opaque, own_suffix(file));
  if (kind == "opaque") return *opaque + sidecar_suffix(fixture, file);
  if (kind == "etag") return formatted("\"{}{}\"", *opaque, sidecar_suffix(fixture, file));
  if (kind == "size") return std::to_string(found->size);
  if (kind != "sha256") return std::unexpected(formatted("no such value: {{{} ...}}", kind));
  auto bytes = fixture.read(file);
  return bytes ? Checked<std::string>(base64_sha256(*bytes)) : bytes;
}

}  // namespace

Checked<std::string> expand(const Fixture& fixture, std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t open = std::min(text.find('{'), text.size());
    out += text.substr(0, open);
    text.remove_prefix(open);
    if (text.empty()) break;
    const std::size_t close = text.find('}');
    const std::size_t space = text.find(' ');
    if (close == std::string_view::npos || space > close) {
      return std::unexpected(formatted("\"{}\" is no {{value FILE}}", text));
    }
    auto value = value_of(fixture, text.substr(1, space - 1),
                          std::string(text.substr(space + 1, close - space - 1)));
    if (!value) return value;
    out += *value;
    text.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace troika::parity
