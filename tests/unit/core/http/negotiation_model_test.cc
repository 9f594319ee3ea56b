// Accept-Encoding and Accept that are made of members with a known meaning, against the best of all
// offers by trying each.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "http/semantics/negotiation.h"
#include "model_cases.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr int kMalformed = -1;
struct Weight {
  std::string_view text;
  int quality;
  bool parameters = false;
};
constexpr Weight kWeights[] = {{"", 1000},
                               {"", 1000},
                               {";q=0", 0},
                               {";q=0.000", 0},
                               {"; q=0.001", 1},
                               {" ;\tQ=0.5", 500},
                               {";q=0.501", 501},
                               {";q=0.5", 500},
                               {" ; q=0.25 ", 250},
                               {";q=1.000", 1000},
                               {";q=1.", 1000},
                               {";;q=0.9;", 900},
                               {";x=y;q=0.25", 250, true},
                               {";q=0.3;x", 300, true},
                               {";x=\"a,br;q=0\";q=0.75", 750, true},
                               {";x=\"\\\",*;\";q=0.2", 200, true},
                               {";qs=0.1", 1000, true},
                               {";q=1.001", kMalformed},
                               {";q=0.1234", kMalformed},
                               {";q=.5", kMalformed},
                               {";q=", kMalformed},
                               {";q", kMalformed},
                               {";q=-1", kMalformed},
                               {";q= 1", kMalformed},
                               {";q =0", kMalformed},
                               {";q=\"1\"", kMalformed},
                               {";q=0.3;q=0.4", kMalformed}};

struct Member {
  std::size_t name;
  const Weight* weight;
};

// One field of members whose names are of one list, on one to four lines.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : choices_(seed) {}

  template <std::size_t N>
  void next(std::string_view field, const std::string_view (&names)[N]) {
    static constexpr std::string_view kSeparators[] = {",", ", ", " ,\t", ",,", ", , "};
    headers = HeaderMap();
    size = choices_.below(members.size() + 1);
    line_.clear();
    for (std::size_t i = 0; i < size; ++i) {
      members[i] = {choices_.below(N), &choices_.pick(kWeights)};
      line_ += names[members[i].name];
      line_ += members[i].weight->text;
      if (choices_.one_in(5)) {
        headers.add(field, line_);
        line_.clear();
      } else {
        line_ += choices_.pick(kSeparators);
      }
    }
    if (size > 0 || choices_.one_in(2)) headers.add(field, line_);
  }
  Choices& choices() { return choices_; }

  HeaderMap headers;
  std::array<Member, 5> members{};
  std::size_t size = 0;

 private:
  Choices choices_;
  std::string line_;
};

std::string text_of(const HeaderMap& headers) {
  std::string out;
  for (const HeaderMap::Field field : headers) out.append("\n").append(field.value);
  return out;
}

constexpr std::string_view kCodings[] = {"identity", "br",   "zstd",   "gzip", "IDENTITY", "Br",
                                         "zSTD",     "GZIP", "x-gzip", "*",    "*",        "x"};

bool is_coding(std::size_t name, Coding coding) {
  return name == 8 ? coding == Coding::gzip
                   : name < 8 && name % 4 == static_cast<std::size_t>(coding);
}

// Doubled, so that there is room for an identity that is implied: below the lowest, and above none.
int doubled_quality(const Generator& field, Coding coding) {
  for (const bool asterisk : {false, true}) {
    for (std::size_t i = field.size; i-- > 0;) {
      const Member& m = field.members[i];
      const bool about = asterisk ? m.name == 9 || m.name == 10 : is_coding(m.name, coding);
      if (about && m.weight->quality != kMalformed) return 2 * m.weight->quality;
    }
  }
  return coding == Coding::identity ? 1 : 0;
}

bool agrees(Generator& field) {
  const AcceptEncoding got(field.headers);
  std::array<int, 4> quality{};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto coding = static_cast<Coding>(i);
    quality[i] = doubled_quality(field, coding);
    if (static_cast<int>(got.quality(coding)) != (quality[i] + 1) / 2) return false;
    if (got.accepts(coding) != (quality[i] > 0)) return false;
  }
  std::array<Coding, 4> offers{};
  const std::size_t count = field.choices().below(5);
  for (std::size_t i = 0; i < count; ++i) offers[i] = static_cast<Coding>(field.choices().below(4));
  const auto index = got.choose(std::span(offers).first(count));
  for (std::size_t i = 0; i < count; ++i) {
    const int other = quality[static_cast<std::size_t>(offers[i])];
    if (!index && other > 0) return false;
    if (!index) continue;
    const int best = quality[static_cast<std::size_t>(offers[*index])];
    if (best == 0 || other > best || (other == best && i < *index)) return false;
  }
  return !index || *index < count;
}

constexpr std::string_view kTypes[] = {"text/html", "text/css", "image/png"};
constexpr std::string_view kRanges[] = {"text/html", "text/css", "Image/PNG", "text/*",
                                        "IMAGE/*",   "*/*",      "audio/*",   "*",
                                        "text/",     "*/html",   "text/htm",  "text/htmlx"};
constexpr bool kCovers[3][6] = {{true, false, false, true, false, true},
                                {false, true, false, true, false, true},
                                {false, false, true, false, true, true}};

struct TypeQuality {
  int level = 0, quality = 0;
};
TypeQuality type_quality(const Generator& field, std::size_t type) {
  TypeQuality best;
  for (std::size_t i = 0; i < field.size; ++i) {
    const Member& m = field.members[i];
    if (m.weight->quality == kMalformed || m.name > 5 || !kCovers[type][m.name]) continue;
    static constexpr int kLevels[] = {30, 30, 30, 20, 20, 10};
    const int level = kLevels[m.name] + (m.weight->parameters ? 0 : 5);
    if (level >= best.level) best = {level, m.weight->quality};
  }
  return best;
}

bool media_types_agree(Generator& field) {
  std::array<std::size_t, 3> types{};
  std::array<std::string_view, 3> offers;
  std::size_t best = 0;
  int best_rank = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    types[i] = field.choices().below(3);
    offers[i] = kTypes[types[i]];
    const TypeQuality quality = type_quality(field, types[i]);
    const int rank = quality.quality > 0 ? quality.quality * 100 + quality.level : 0;
    if (rank > best_rank) {
      best_rank = rank;
      best = i;
    }
    const bool named = quality.level >= 30 && quality.quality > 0;
    if (names_media_type(field.headers, offers[i]) != named) return false;
  }
  return choose_media_type(field.headers, offers) == best;
}

}  // namespace

TEST_CASE("codings are weighed and chosen as the model says") {
  Generator field(7'932);
  for (std::size_t i = 0; i < kModelCases; ++i) {
    field.next("accept-encoding", kCodings);
    if (!agrees(field)) FAIL("case " << i << ": " << text_of(field.headers));
  }
}

TEST_CASE("media types are chosen as the model says") {
  Generator field(8'878);
  std::size_t not_first = 0;
  for (std::size_t i = 0; i < kModelCases; ++i) {
    field.next("accept", kRanges);
    if (!media_types_agree(field)) FAIL("case " << i << ": " << text_of(field.headers));
    not_first += choose_media_type(field.headers, kTypes) > 0 ? 1U : 0U;
  }
  CHECK(not_first > kModelCases / 20);
}
