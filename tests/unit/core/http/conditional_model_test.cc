// Preconditions that are made of parts with a known meaning, against RFC 9110 §13.2.2 over those.
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "http/semantics/conditional.h"
#include "model_cases.h"

using namespace troika;
using namespace troika::test;

namespace {

constexpr std::time_t kModified = 784111777, kNow = 1'717'754'400;
constexpr std::string_view kOpaque[] = {"\"a\"",  "\"b\"",     "\"a,b\"", "\"\"",
                                        "\"\\\"", "\"\xff!\"", "\"W/\""};

// Of an If-Match or If-None-Match field: bit i stands for the tag kOpaque[i].
struct List {
  bool present = false, any = false, malformed = false;
  unsigned strong = 0, weak = 0;
};
struct Date {
  bool present = false, usable = false;
  int distance = 0;  // to the time of modification
};
struct Case {
  Method method = Method::get;
  bool has_tag = true, weak_tag = false;
  std::size_t tag = 0;
  List if_match, if_none_match;
  Date if_unmodified_since, if_modified_since;
  bool if_range = true;
  Validators current;
  HeaderMap headers;
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : choices_(seed) {}

  Case next() {
    static constexpr Method kMethods[] = {Method::get, Method::head, Method::get, Method::put,
                                          Method::del};
    Case c;
    c.method = choices_.pick(kMethods);
    c.has_tag = !choices_.one_in(16);
    c.weak_tag = choices_.one_in(3);
    c.tag = choices_.below(7);
    c.current.last_modified = kModified;
    if (c.has_tag) c.current.etag.append(c.weak_tag ? "W/" : "").append(kOpaque[c.tag]);
    // No order of fields is better than another one.
    for (std::size_t i = 0, from = choices_.below(5); i < 5; ++i) {
      const std::size_t field = (from + i) % 5;
      if (field == 0) c.if_match = list(c, "if-match");
      if (field == 1) c.if_none_match = list(c, "if-none-match");
      if (field == 2) c.if_unmodified_since = date(c, "if-unmodified-since");
      if (field == 3) c.if_modified_since = date(c, "if-modified-since");
      if (field == 4) c.if_range = range(c);
    }
    return c;
  }

 private:
  // Few tags that are not the current one, so that lists with and without it are as likely.
  std::size_t some_tag(const Case& c) { return choices_.one_in(3) ? c.tag : choices_.below(7); }

  void append_member(const Case& c, List& out) {
    static constexpr std::string_view kBad[] = {
        "a", "\"a", "w/\"a\"", "W/a", "\"a b\"", "\"a\"b", "*,\"a\"", "\"a\x7f\"", "\"a\" \"a\""};
    if (choices_.one_in(12)) {
      out.malformed = true;
      line_ += choices_.pick(kBad);
      return;
    }
    const bool weak = choices_.one_in(3);
    const std::size_t tag = some_tag(c);
    (weak ? out.weak : out.strong) |= 1U << tag;
    if (weak) line_ += "W/";
    line_ += kOpaque[tag];
  }
  List list(Case& c, std::string_view name) {
    static constexpr std::string_view kSeparators[] = {",", ", ", " ,\t", ",,", ", , "};
    static constexpr std::string_view kAny[] = {"*", " *", "*\t"};
    List out;
    if (choices_.below(5) < 3) return out;
    out.present = true;
    if (choices_.one_in(10)) {
      out.any = true;
      c.headers.add(name, choices_.pick(kAny));
      if (!choices_.one_in(8)) return out;
      out.any = false;  // never beside another line
      out.malformed = true;
    }
    line_.clear();
    for (std::size_t n = choices_.below(4); n > 0; --n) {
      append_member(c, out);
      if (n == 1) break;
      if (choices_.one_in(4)) {
        c.headers.add(name, line_);
        line_.clear();
      } else {
        line_ += choices_.pick(kSeparators);
      }
    }
    c.headers.add(name, line_);
    return out;
  }

  struct DateText {
    std::string_view text;
    bool usable;
    int distance;
  };
  static constexpr DateText kDates[] = {{"Sun, 06 Nov 1994 08:49:36 GMT", true, -1},
                                        {"Sun, 06 Nov 1994 08:49:37 GMT", true, 0},
                                        {"Sun, 06 Nov 1994 08:49:38 GMT", true, 1},
                                        {"Sunday, 06-Nov-94 08:49:37 GMT", true, 0},
                                        {"Sun Nov  6 08:49:36 1994", true, -1},
                                        {"Fri, 31 Dec 9999 23:59:59 GMT", true, 1},
                                        {"Thu, 01 Jan 1970 00:00:00 GMT", true, -1},
                                        {"Sun, 06 Nov 1994 08:49:37", false, 0},
                                        {"yesterday", false, 0},
                                        {"", false, 0}};

  Date date(Case& c, std::string_view name) {
    if (choices_.below(5) < 3) return {};
    const DateText& text = choices_.pick(kDates);
    c.headers.add(name, text.text);
    const bool twice = choices_.one_in(10);
    if (twice) c.headers.add(name, text.text);
    return {true, text.usable && !twice, text.distance};
  }

  bool range(Case& c) {
    static constexpr std::string_view kBad[] = {"*", "a", "\"a", "\"a\",", "\"a\" ", "W/"};
    const bool strong_tag = c.has_tag && !c.weak_tag;
    bool holds = true;
    switch (choices_.below(6)) {
      case 0: {
        const std::size_t tag = some_tag(c);
        c.headers.add("if-range", kOpaque[tag]);
        holds = strong_tag && tag == c.tag;
        break;
      }
      case 1: {
        const DateText& text = choices_.pick(kDates);
        c.headers.add("if-range", text.text);
        holds = strong_tag && text.usable && text.distance == 0;
        break;
      }
      case 2: {
        c.headers.add("if-range", std::string("W/").append(kOpaque[some_tag(c)]));
        return false;
      }
      case 3: {
        c.headers.add("if-range", choices_.pick(kBad));
        return false;
      }
      default: return true;
    }
    if (!choices_.one_in(10)) return holds;
    c.headers.add("if-range", std::string(*c.headers.get("if-range")));
    return false;
  }

  Choices choices_;
  std::string line_;
};

bool found(const List& list, const Case& c, bool strongly) {
  if (list.any || list.malformed || !c.has_tag) return list.any;
  const unsigned tags = strongly ? (c.weak_tag ? 0 : list.strong) : list.strong | list.weak;
  return (tags >> c.tag & 1U) != 0;
}

Precondition expected(const Case& c) {
  const Date& unmodified = c.if_unmodified_since;
  const Date& modified = c.if_modified_since;
  const bool reads = c.method == Method::get || c.method == Method::head;
  const bool lost = c.if_match.present ? !found(c.if_match, c, true)
                                       : unmodified.usable && unmodified.distance < 0;
  const bool known = c.if_none_match.present ? found(c.if_none_match, c, false)
                                             : reads && modified.usable && modified.distance >= 0;
  if (lost || (known && !reads)) return Precondition::failed;
  return known ? Precondition::not_modified : Precondition::holds;
}

std::string text_of(const Case& c) {
  std::string out = "method " + std::string(name_of(c.method)) + ", etag " + c.current.etag;
  for (const HeaderMap::Field field : c.headers) {
    out.append("\n").append(field.name).append(": ").append(field.value);
  }
  return out;
}

}  // namespace

TEST_CASE("preconditions are evaluated as the model says") {
  Generator generator(19'940'611);
  std::size_t results[3] = {};
  std::size_t ranges_hold = 0;
  for (std::size_t i = 0; i < kModelCases; ++i) {
    const Case c = generator.next();
    const Precondition got = evaluate_preconditions(c.method, c.headers, c.current, kNow);
    const bool range = if_range_holds(c.headers, c.current, kNow);
    ++results[static_cast<std::size_t>(got)];
    ranges_hold += range && c.headers.has("if-range") ? 1U : 0U;
    if (got != expected(c)) FAIL("case " << i << ": " << text_of(c));
    if (range != c.if_range) FAIL("case " << i << ", If-Range: " << text_of(c));
  }
  for (const std::size_t n : results) CHECK(n > kModelCases / 20);
  CHECK(ranges_hold > kModelCases / 50);
}
