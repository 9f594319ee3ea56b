// choose_ranges against a second implementation of its rules.
#include <catch2/catch_test_macros.hpp>
#include <charconv>
#include <limits>
#include <string>

#include "http/semantics/range.h"
#include "model_cases.h"

using namespace troika;
using namespace troika::test;

namespace {

__extension__ using Wide = unsigned __int128;
using Kind = RangeChoice::Kind;
constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();

// The same rules as an automaton over the bytes of the field, in arithmetic so wide that nothing of
// what the generator writes is near its end.
class Model {
 public:
  Model(std::string_view field, std::uint64_t size) : size_(size) {
    if (field.size() < 6 || field[5] != '=') return;
    for (std::size_t i = 0; i < 5; ++i) {
      if ((field[i] | 0x20) != "bytes"[i]) return;
    }
    for (const char c : field.substr(6)) step(c);
    step(',');
    if (bad_ || members_ == 0 || members_ > 16 || size_ == 0) return;
    kind_ = count_ == 0 ? Kind::unsatisfiable : flooded() ? Kind::whole : Kind::parts;
  }

  bool agrees(const RangeChoice& got) const {
    const std::size_t expected = kind_ == Kind::parts ? count_ : 0;
    if (got.kind != kind_ || got.parts.size() != expected) return false;
    for (std::size_t i = 0; i < expected; ++i) {
      if (got.parts[i].first != first_[i] || got.parts[i].last != last_[i]) return false;
    }
    return true;
  }

 private:
  enum class State { before, from, dash, to, suffix_dash, suffix, after };

  void step(char c) {
    const bool blank = c == ' ' || c == '\t';
    const bool may_end = state_ == State::dash || state_ == State::to || state_ == State::suffix;
    if (c >= '0' && c <= '9') {
      if (state_ == State::after) bad_ = true;
      if (state_ == State::before) state_ = State::from;
      if (state_ == State::dash) state_ = State::to;
      if (state_ == State::suffix_dash) state_ = State::suffix;
      Wide& number = state_ == State::from ? from_ : to_;
      number = number * 10 + static_cast<Wide>(c - '0');
    } else if (c == '-' && (state_ == State::before || state_ == State::from)) {
      state_ = state_ == State::before ? State::suffix_dash : State::dash;
    } else if (blank && (may_end || state_ == State::before || state_ == State::after)) {
      if (may_end) end(State::after);
    } else if (c == ',' && (may_end || state_ == State::before || state_ == State::after)) {
      if (may_end) end(State::before);
      state_ = State::before;
    } else {
      bad_ = true;
    }
  }
  void end(State next) {
    ++members_;
    Wide first = from_;
    Wide last = state_ == State::to ? to_ : kLargest;
    bool satisfiable = first < size_;
    if (state_ == State::to && to_ < from_) bad_ = true;
    if (state_ == State::suffix) {
      satisfiable = to_ > 0;
      first = to_ < size_ ? size_ - to_ : 0;
      last = size_ - 1;
    }
    if (satisfiable && count_ < 16) {
      first_[count_] = first;
      last_[count_++] = last < size_ ? last : size_ - 1;
    }
    from_ = to_ = 0;
    state_ = next;
  }
  bool flooded() const {
    Wide cost = 0;
    std::size_t overlapping = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      cost += last_[i] + 1 - first_[i] + 256;
      bool shared = false;
      for (std::size_t k = 0; k < count_; ++k) {
        const Wide from = first_[i] > first_[k] ? first_[i] : first_[k];
        const Wide to = last_[i] < last_[k] ? last_[i] : last_[k];
        shared = shared || (i != k && from <= to);
      }
      overlapping += shared ? 1U : 0U;
    }
    return overlapping > 2 || cost > size_ + 4096;
  }

  Wide size_, from_ = 0, to_ = 0;
  State state_ = State::before;
  bool bad_ = false;
  std::size_t members_ = 0, count_ = 0;
  Wide first_[16] = {}, last_[16] = {};
  Kind kind_ = Kind::whole;
};

// Writes fields that are close to every rule.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : choices_(seed) {}

  std::uint64_t size() {
    static constexpr std::uint64_t kSizes[] = {
        0,      1,           2,           10,           100,      5000,
        10'000, 1ULL << 32U, 1ULL << 63U, kLargest - 1, kLargest, 1'000'000};
    size_ = choices_.pick(kSizes);
    return size_;
  }
  const std::string& field() {
    static constexpr std::string_view kUnits[] = {"bytes=", "Bytes=", "BYTES=",  "items=",  "bytes",
                                                  "byte=",  "=",      "bytes =", "bytess=", ""};
    field_ = choices_.one_in(8) ? choices_.pick(kUnits) : "bytes=";
    if (choices_.one_in(10)) {
      twins();
    } else if (choices_.one_in(8)) {
      ladder();
    } else {
      for (std::uint64_t n = choices_.one_in(16) ? choices_.below(32) : 1 + choices_.below(4);
           n > 0; --n)
        member();
    }
    if (choices_.one_in(16) && !field_.empty()) {
      field_[choices_.below(field_.size())] = "-,= \t0\"x;+"[choices_.below(10)];
    }
    return field_;
  }

 private:
  void number(std::uint64_t value) {
    char text[20];
    field_.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
  void position() {
    static constexpr std::string_view kHuge[] = {
        "9223372036854775807",  "9223372036854775808",    "18446744073709551614",
        "18446744073709551615", "18446744073709551616",   "18446744073709551617",
        "36893488147419103232", "0000000000000000000007", "99999999999999999999999999"};
    if (choices_.one_in(12)) field_.append(1 + choices_.below(3), '0');
    switch (choices_.below(9)) {
      case 0: return number(choices_.below(4));
      case 1: return number(size_ - 1);
      case 2: return number(size_);
      case 3: return number(size_ + 1);
      case 4: return static_cast<void>(field_ += choices_.pick(kHuge));
      case 5: return number(choices_.u64());
      default: return number(size_ == 0 ? 0 : choices_.u64() % size_);
    }
  }
  void blank() {
    static constexpr std::string_view kBlanks[] = {" ", "\t", "  ", ",", " , ", ",,", " \t,"};
    if (choices_.one_in(8)) field_ += choices_.pick(kBlanks);
  }
  void member() {
    blank();
    const std::uint64_t shape = choices_.below(16);
    if (shape == 0) {
      static constexpr std::string_view kBad[] = {"-", "5", "1-2-3", "1 -2", "1- 2", "--1", "a-b"};
      if (choices_.one_in(3)) field_ += choices_.pick(kBad);
    } else if (shape < 4) {
      field_ += '-';
      position();
    } else if (shape < 8) {
      position();
      field_ += '-';
    } else if (shape < 13) {  // in order, which two positions seldom are
      const std::uint64_t first = size_ == 0 ? 0 : choices_.u64() % size_;
      number(first);
      field_ += '-';
      number(first + (shape == 8 ? 0 : choices_.below(shape == 9 ? 2 : 1000)));
    } else {
      position();
      field_ += '-';
      position();
    }
    blank();
    field_ += ',';
  }
  // Two that overlap, at the limit of what they may cost together.
  void twins() {
    field_ += "0-,0-";
    number(4096 - 2 * 256 - 2 + choices_.below(3));
  }
  // Many short ones at distances from nothing to a few bytes.
  void ladder() {
    std::uint64_t at = 0;
    for (std::uint64_t n = 12 + choices_.below(7); n > 0; --n) {
      number(at);
      field_ += '-';
      at += choices_.below(3);
      number(at);
      field_ += ',';
      at += choices_.one_in(12) ? 0U : 1U;
    }
  }

  Choices choices_;
  std::uint64_t size_ = 0;
  std::string field_;
};

}  // namespace

TEST_CASE("ranges are chosen as the model says") {
  Generator generator(20'240'607);
  std::size_t kinds[3] = {};
  std::size_t several = 0;
  for (std::size_t i = 0; i < kModelCases; ++i) {
    const std::uint64_t size = generator.size();
    const std::string& field = generator.field();
    const RangeChoice got = choose_ranges(field, size);
    ++kinds[static_cast<std::size_t>(got.kind)];
    several += got.parts.size() > 1 ? 1U : 0U;
    if (!Model(field, size).agrees(got)) {
      FAIL("case " << i << ": size " << size << ", " << field);
    }
  }
  for (const std::size_t n : kinds) CHECK(n > kModelCases / 50);
  CHECK(several > kModelCases / 50);
}
