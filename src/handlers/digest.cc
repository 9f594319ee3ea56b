#include "handlers/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <new>
#include <optional>
#include <string>
#include <tuple>

#include "base/text.h"

namespace troika {
namespace {

EVP_MD_CTX* context_of(void* state) noexcept { return static_cast<EVP_MD_CTX*>(state); }

}  // namespace

Sha256Sum::Sha256Sum() : state_(EVP_MD_CTX_new()) {
  if (state_ == nullptr || EVP_DigestInit_ex(context_of(state_), EVP_sha256(), nullptr) != 1) {
    throw std::bad_alloc();  // the only reason to fail
  }
}

Sha256Sum::~Sha256Sum() { EVP_MD_CTX_free(context_of(state_)); }

void Sha256Sum::add(std::span<const std::byte> bytes) {
  std::ignore = EVP_DigestUpdate(context_of(state_), bytes.data(), bytes.size());
}

Sha256 Sha256Sum::finish() {
  Sha256 sum{};
  std::ignore =
      EVP_DigestFinal_ex(context_of(state_), reinterpret_cast<unsigned char*>(sum.data()), nullptr);
  return sum;
}

Sha256 sha256(std::span<const std::byte> bytes) {
  Sha256Sum sum;
  sum.add(bytes);
  return sum.finish();
}

std::string base64(std::span<const std::byte> bytes) {
  // EVP_EncodeBlock writes a terminating zero, for which a string has room.
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  std::ignore = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                reinterpret_cast<const unsigned char*>(bytes.data()),
                                static_cast<int>(bytes.size()));
  return text;
}

std::string hex(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::byte byte : bytes) {
    const auto value = std::to_integer<unsigned>(byte);
    text += {kDigits[value >> 4U], kDigits[value & 15U]};
  }
  return text;
}

std::string repr_digest(const Sha256& sum) { return formatted("sha-256=:{}:", base64(sum)); }

namespace {

// Reads a dictionary member by member (RFC 8941 §4.2.2); values are preferences (RFC 9530 §4).
// Inner lists are treated as malformed, since they have no meaning here.
class DictionaryReader {
 public:
  explicit DictionaryReader(std::string_view text) : rest_(text) { skip(" "); }

  bool at_end() const noexcept { return rest_.empty(); }

  struct Member {
    std::string_view key;
    std::optional<int> preference;  // an integer from 0 to 10; nothing for all other values
  };
  std::optional<Member> member() {
    const auto name = key();
    if (!name) return std::nullopt;
    Member read{*name, std::nullopt};
    if (take('=')) {
      const auto item = bare_item();
      if (!item) return std::nullopt;
      read.preference = preference_in(*item);
    }
    if (!parameters() || !separator()) return std::nullopt;
    return read;
  }

 private:
  static bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
  static bool is_base64(char c) noexcept {
    return ascii::is_alpha(c) || ascii::is_digit(c) || c == '+' || c == '/' || c == '=';
  }
  static std::optional<int> preference_in(std::string_view item) noexcept {
    if (!std::ranges::all_of(item, ascii::is_digit)) return std::nullopt;
    item.remove_prefix(std::min(item.find_first_not_of('0'), item.size()));
    if (item == "10") return 10;
    if (item.size() > 1) return std::nullopt;
    return item.empty() ? 0 : item[0] - '0';
  }

  void skip(std::string_view some) noexcept {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(some), rest_.size()));
  }
  bool take(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  template <class Predicate>
  std::string_view take_while(Predicate fits) noexcept {
    const auto end = std::ranges::find_if_not(rest_, fits);
    const std::string_view taken(rest_.begin(), end);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::optional<std::string_view> key() noexcept {
    if (rest_.empty() || (!is_lower(rest_[0]) && rest_[0] != '*')) return std::nullopt;
    return take_while([](char c) {
      return is_lower(c) || ascii::is_digit(c) || std::string_view("_-.*").contains(c);
    });
  }

  // The text of the item; nothing if it is malformed.
  std::optional<std::string_view> bare_item() noexcept {
    if (rest_.empty()) return std::nullopt;
    const char first = rest_[0];
    if (first == '-' || ascii::is_digit(first)) return number();
    if (first == '"') return string();
    if (first == ':') return bytes();
    if (first == '?') return boolean();
    if (first != '*' && !ascii::is_alpha(first)) return std::nullopt;
    return take_while([](char c) { return ascii::is_token_char(c) || c == ':' || c == '/'; });
  }

  std::optional<std::string_view> number() noexcept {
    const std::string_view begin = rest_;
    std::ignore = take('-');
    const std::size_t whole = take_while(ascii::is_digit).size();
    std::size_t most = 15;
    if (take('.')) {
      const std::size_t fraction = take_while(ascii::is_digit).size();
      if (fraction == 0 || fraction > 3) return std::nullopt;
      most = 12;
    }
    if (whole == 0 || whole > most) return std::nullopt;
    return begin.substr(0, begin.size() - rest_.size());
  }

  std::optional<std::string_view> string() noexcept {
    bool escaped = false;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (c < ' ' || c > '~' || (escaped && c != '"' && c != '\\')) break;
      if (c == '"' && !escaped) return take_first(i + 1);
      escaped = c == '\\' && !escaped;
    }
    return std::nullopt;
  }

  std::optional<std::string_view> bytes() noexcept {
    const std::size_t end = rest_.find(':', 1);
    if (end == std::string_view::npos) return std::nullopt;
    if (!std::ranges::all_of(rest_.substr(1, end - 1), is_base64)) return std::nullopt;
    return take_first(end + 1);
  }

  std::optional<std::string_view> boolean() noexcept {
    if (!rest_.starts_with("?0") && !rest_.starts_with("?1")) return std::nullopt;
    return take_first(2);
  }

  std::string_view take_first(std::size_t n) noexcept {
    const std::string_view taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }

  bool parameters() noexcept {
    while (take(';')) {
      skip(" ");
      if (!key()) return false;
      if (take('=') && !bare_item()) return false;
    }
    return true;
  }

  // A comma followed by another member, or the end.
  bool separator() noexcept {
    skip(" \t");
    if (at_end()) return true;
    if (!take(',')) return false;
    skip(" \t");
    return !at_end();
  }

  std::string_view rest_;
};

}  // namespace

bool wants_sha256(const HeaderMap& headers) {
  if (!headers.has("want-repr-digest")) return false;
  std::string whole;  // RFC 8941 §4.2: several lines are one field
  for (const auto [name, value] : headers) {
    if (name != "want-repr-digest" || value.empty()) continue;
    if (!whole.empty()) whole += ", ";
    whole += value;
  }
  bool wanted = false;
  DictionaryReader reader(std::string_view(whole).substr(0, whole.find_last_not_of(' ') + 1));
  while (!reader.at_end()) {
    const auto member = reader.member();
    if (!member) return false;
    if (member->key == "sha-256") wanted = member->preference.value_or(0) > 0;
  }
  return wanted;
}

}  // namespace troika
