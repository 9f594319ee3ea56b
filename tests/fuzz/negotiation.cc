// Lines of an Accept-Encoding or Accept field: each input is read as both. What is chosen is the
// best there is, and letters' case and empty members change nothing.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/semantics/negotiation.h"

using namespace troika;

namespace {

constexpr std::array kCodings{Coding::identity, Coding::br, Coding::zstd, Coding::gzip};
constexpr std::array<std::string_view, 4> kTypes{"text/html", "application/json", "text/css",
                                                 "a/b"};

void require(bool condition) {
  if (!condition) std::abort();
}

struct Headers {
  HeaderMap plain, loose;  // the same but for its looks
};

Headers read(std::string_view input, std::string_view name) {
  Headers out;
  while (!input.empty()) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(line.size() < input.size() ? line.size() + 1 : line.size());
    out.plain.add(name, line);
    std::string other(", \t,");
    for (const char c : line) other += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    out.loose.add(name, other);
  }
  return out;
}

// No offer is better than the chosen one, and of equals it is the first.
void check_choice(const AcceptEncoding& accept, std::span<const Coding> offers) {
  const auto chosen = accept.choose(offers);
  require(!chosen || (*chosen < offers.size() && accept.accepts(offers[*chosen])));
  const unsigned best = chosen ? accept.quality(offers[*chosen]) : 0;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    require(accept.quality(offers[i]) <= best);
    // Only an identity that is implied may stand back behind an equal one.
    if (chosen && i < *chosen && accept.quality(offers[i]) == best) {
      require(offers[i] == Coding::identity && best == 1);
    }
  }
}

void check_codings(std::string_view input) {
  const Headers headers = read(input, "accept-encoding");
  const AcceptEncoding accept(headers.plain);
  const AcceptEncoding loose(headers.loose);
  for (const Coding coding : kCodings) {
    require(accept.quality(coding) <= 1000);
    require(accept.quality(coding) == loose.quality(coding));
  }
  for (std::size_t from = 0; from < kCodings.size(); ++from) {
    std::array<Coding, 4> offers{};
    for (std::size_t i = 0; i < offers.size(); ++i) offers[i] = kCodings[(from + i) % 4];
    for (std::size_t n = 0; n <= offers.size(); ++n) {
      check_choice(accept, std::span(offers).first(n));
    }
  }
}

void check_types(std::string_view input) {
  const Headers headers = read(input, "accept");
  const std::size_t best = choose_media_type(headers.plain, kTypes);
  require(best < kTypes.size() && best == choose_media_type(headers.loose, kTypes));
  require(choose_media_type(headers.plain, {}) == 0);
  for (const std::string_view type : kTypes) {
    const bool named = names_media_type(headers.plain, type);
    require(named == names_media_type(headers.loose, type));
    // What is named is better than what nothing is said of, and never loses to it.
    const std::array<std::string_view, 2> offers{"no-such/type", type};
    HeaderMap without_wildcards;
    for (const HeaderMap::Field field : headers.plain) {
      if (!field.value.contains('*')) without_wildcards.add(field.name, field.value);
    }
    if (names_media_type(without_wildcards, type) &&
        !names_media_type(without_wildcards, offers[0])) {
      require(choose_media_type(without_wildcards, offers) == 1);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_codings(input);
  check_types(input);
  return 0;
}
