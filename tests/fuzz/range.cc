// The size, then a Range field, a line each; and so on. What is chosen is what a second
// implementation of the rules chooses.
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/cases.h"
#include "http/semantics/range.h"

using namespace troika;

namespace {

__extension__ using Wide = unsigned __int128;
using Kind = RangeChoice::Kind;
constexpr Wide kEnormous = static_cast<Wide>(1) << 120U;  // and larger: all the same

// The rules of RFC 9110 §14.1.2 as an automaton over the bytes of the field, and those against
// floods in arithmetic that is wide enough.
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
      const ByteRange& part = got.parts[i];
      if (part.first != first_[i] || part.last != last_[i]) return false;
      if (part.size() != last_[i] - first_[i] + 1) return false;
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
      if (number > kEnormous) number = kEnormous;
      std::string& digits = state_ == State::from ? from_digits_ : to_digits_;
      if (c != '0' || !digits.empty()) digits += c;
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
    Wide last = state_ == State::to ? to_ : kEnormous;
    bool satisfiable = first < size_;
    if (state_ == State::to && backwards()) bad_ = true;
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
    from_digits_.clear();
    to_digits_.clear();
    state_ = next;
  }
  // Also of numbers that are both enormous.
  bool backwards() const {
    const std::size_t from = from_digits_.size(), to = to_digits_.size();
    return from != to ? to < from : to_digits_ < from_digits_;
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
  std::string from_digits_, to_digits_;  // without zeros before them
  State state_ = State::before;
  bool bad_ = false;
  std::size_t members_ = 0, count_ = 0;
  Wide first_[16] = {}, last_[16] = {};
  Kind kind_ = Kind::whole;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const std::string_view number = fuzz::take_line(rest);
    const std::string_view field = fuzz::take_line(rest);
    std::uint64_t representation = 0;
    std::from_chars(number.data(), number.data() + number.size(), representation);
    fuzz::require(Model(field, representation).agrees(choose_ranges(field, representation)));
  }
  return 0;
}
