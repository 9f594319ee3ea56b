// Lines of an Accept-Encoding or Accept field: each case is read as both, and "---" begins the
// next. Weights are read by a second implementation of RFC 9110 §12.4.2, and what is chosen is the
// best of all offers by trying each.
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "fuzz/cases.h"
#include "http/semantics/negotiation.h"

using namespace troika;
using fuzz::require;

namespace {

constexpr std::array kCodings{Coding::identity, Coding::br, Coding::zstd, Coding::gzip};
constexpr std::array<std::string_view, 4> kTypes{"text/html", "text/css", "image/png", "a/b"};
constexpr int kMalformed = -1;

struct Member {
  std::string name;  // in lower case
  int quality = 1000;
  bool parameters = false;
};

// Every way to write a quality value.
const std::map<std::string, int, std::less<>>& qualities() {
  static const auto all = [] {
    std::map<std::string, int, std::less<>> made{{"0", 0},       {"0.", 0},     {"1", 1000},
                                                 {"1.", 1000},   {"1.0", 1000}, {"1.00", 1000},
                                                 {"1.000", 1000}};
    for (int i = 0; i < 1000; ++i) {
      made[formatted("0.{:03}", i)] = i;
      if (i % 10 == 0) made[formatted("0.{:02}", i / 10)] = i;
      if (i % 100 == 0) made[formatted("0.{}", i / 100)] = i;
    }
    return made;
  }();
  return all;
}

std::string stripped(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

void read_parameter(Member& member, const std::string& text, bool& weighed) {
  if (text.empty()) return;
  const std::size_t equals = text.find('=');
  if (stripped(text.substr(0, equals)) != "q") {
    member.parameters = true;
    return;
  }
  const auto quality = equals == 1 ? qualities().find(text.substr(2)) : qualities().end();
  const bool good = !weighed && quality != qualities().end();
  member.quality = good && member.quality != kMalformed ? quality->second : kMalformed;
  weighed = true;
}

// One pass over the bytes of each line.
std::vector<Member> members_of(const HeaderMap& headers) {
  std::vector<Member> members;
  for (const HeaderMap::Field field : headers) {
    Member member;
    std::string piece;
    bool quoted = false, escaped = false, named = false, weighed = false;
    for (const char c : std::string(field.value) + "\n") {
      // What is open at the end of a line ends with it.
      if (c != '\n' && (quoted || (c != ',' && c != ';'))) {
        piece += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        if (c == '"' && !escaped) quoted = !quoted;
        escaped = quoted && c == '\\' && !escaped;
        continue;
      }
      if (named) {
        read_parameter(member, stripped(piece), weighed);
      } else {
        member.name = stripped(piece);
      }
      piece.clear();
      named = true;
      if (c == ';') continue;
      if (member.quality != kMalformed) members.push_back(member);
      member = {};
      named = weighed = false;
    }
  }
  return members;
}

// Doubled, so that there is room for an identity that is implied: below the lowest, and above none.
int doubled_quality(const std::vector<Member>& members, Coding coding) {
  for (const bool asterisk : {false, true}) {
    for (std::size_t i = members.size(); i-- > 0;) {
      const std::string& name = members[i].name;
      const bool about =
          asterisk ? name == "*"
                   : name == name_of(coding) || (coding == Coding::gzip && name == "x-gzip");
      if (about) return 2 * members[i].quality;
    }
  }
  return coding == Coding::identity ? 1 : 0;
}

void check_codings(const HeaderMap& headers) {
  const AcceptEncoding got(headers);
  const auto members = members_of(headers);
  const auto quality = [&](Coding coding) { return doubled_quality(members, coding); };
  for (const Coding coding : kCodings) {
    require(static_cast<int>(got.quality(coding)) == (quality(coding) + 1) / 2);
    require(got.accepts(coding) == (quality(coding) > 0));
  }
  for (std::size_t from = 0; from < kCodings.size(); ++from) {
    std::array<Coding, 4> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = kCodings[(from + i) % 4];
    for (std::size_t n = 0; n <= all.size(); ++n) {
      const auto offers = std::span(all).first(n);
      std::optional<std::size_t> best;
      for (std::size_t i = 0; i < n; ++i) {
        if (quality(offers[i]) > (best ? quality(offers[*best]) : 0)) best = i;
      }
      require(got.choose(offers) == best);
    }
  }
}

struct TypeQuality {
  int level = 0, quality = 0;
};
TypeQuality type_quality(const std::vector<Member>& members, const std::string& type) {
  TypeQuality best;
  for (const Member& m : members) {
    int level = 0;
    if (m.name == type) level = 30;
    if (m.name == type.substr(0, type.find('/')) + "/*") level = 20;
    if (m.name == "*/*") level = 10;
    if (level == 0) continue;
    if (!m.parameters) level += 5;
    if (level >= best.level) best = {level, m.quality};
  }
  return best;
}

void check_types(const HeaderMap& headers) {
  const auto members = members_of(headers);
  require(choose_media_type(headers, {}) == 0);
  for (std::size_t from = 0; from < kTypes.size(); ++from) {
    std::array<std::string_view, 4> offers;
    std::size_t best = 0;
    int best_rank = 0;
    for (std::size_t i = 0; i < offers.size(); ++i) {
      offers[i] = kTypes[(from + i) % 4];
      const TypeQuality found = type_quality(members, std::string(offers[i]));
      const int rank = found.quality > 0 ? found.quality * 100 + found.level : 0;
      if (rank > best_rank) {
        best_rank = rank;
        best = i;
      }
      const bool named = found.level >= 30 && found.quality > 0;
      require(names_media_type(headers, offers[i]) == named);
    }
    require(choose_media_type(headers, offers) == best);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  fuzz::for_each_case(input, [](std::string_view rest) {
    HeaderMap codings, types;
    while (!rest.empty()) {
      const std::string_view line = fuzz::take_line(rest);
      codings.add("accept-encoding", line);
      types.add("accept", line);
    }
    check_codings(codings);
    check_types(types);
  });
  return 0;
}
