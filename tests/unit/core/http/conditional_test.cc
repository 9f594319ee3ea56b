#include "http/semantics/conditional.h"

#include <catch2/catch_test_macros.hpp>
#include <initializer_list>
#include <string>

using namespace troika;

namespace {

constexpr std::time_t kModified = 784111777;  // RFC 9110 §5.6.7
constexpr std::time_t kNow = 1'717'754'400;   // 2024-06-07T10:00:00Z
constexpr std::string_view kBefore = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr std::string_view kSame = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view kAfter = "Sun, 06 Nov 1994 08:49:38 GMT";
const Validators kStrong{"\"xyzzy\"", kModified};
const Validators kWeak{"W/\"xyzzy\"", kModified};

using enum Precondition;
using Fields = std::initializer_list<HeaderMap::Field>;

HeaderMap map_of(Fields fields) {
  HeaderMap headers;
  headers.add("Host", "example.com");
  for (const HeaderMap::Field field : fields) headers.add(field.name, field.value);
  return headers;
}
Precondition evaluated(Fields fields, const Validators& current = kStrong,
                       Method method = Method::get) {
  return evaluate_preconditions(method, map_of(fields), current, kNow);
}
bool range_holds(Fields fields, const Validators& current = kStrong) {
  return if_range_holds(map_of(fields), current, kNow);
}

}  // namespace

TEST_CASE("the RFC's own examples of comparing entity tags") {
  struct Row {
    std::string_view a, b;
    bool strongly, weakly;
  };
  for (const Row row :
       {Row{R"(W/"1")", R"(W/"1")", false, true}, Row{R"(W/"1")", R"(W/"2")", false, false},
        Row{R"(W/"1")", R"("1")", false, true}, Row{R"("1")", R"("1")", true, true},
        Row{R"("")", R"("")", true, true}, Row{R"("1")", R"("2")", false, false},
        Row{R"("a")", R"("A")", false, false}}) {
    CAPTURE(row.a, row.b);
    CHECK(matches_strongly(row.a, row.b) == row.strongly);
    CHECK(matches_strongly(row.b, row.a) == row.strongly);
    CHECK(matches_weakly(row.a, row.b) == row.weakly);
    CHECK(matches_weakly(row.b, row.a) == row.weakly);
  }
}

TEST_CASE("what is no entity tag matches nothing, not even itself") {
  for (const std::string_view text :
       {"",         "a",         "\"",        "\"a",    "a\"",    "W/",         "W/a",
        "W/\"a",    "w/\"a\"",   "W\"a\"",    "\"a\"b", "\"a\" ", " \"a\"",     "\"a b\"",
        "\"a\tb\"", "\"a\x7f\"", "\"a\x1f\"", "'a'",    "*",      "\"a\",\"a\""}) {
    CAPTURE(text);
    CHECK_FALSE(matches_strongly(text, text));
    CHECK_FALSE(matches_weakly(text, text));
  }
}

TEST_CASE("every byte that the grammar allows may stand in an entity tag, and no other") {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string tag = {'"', static_cast<char>(byte), '"'};
    const bool allowed = byte == 0x21 || (byte >= 0x23 && byte != 0x7f);
    CAPTURE(byte);
    CHECK(matches_strongly(tag, tag) == allowed);
  }
}

TEST_CASE("If-Match holds for a strong match or for anything") {
  for (const std::string_view value :
       {R"("xyzzy")", R"("xyzzy", "r2d2xxxx", "c3piozzzz")", "*", " * ", R"("a","xyzzy")",
        R"( , "a" ,, W/"xyzzy",	"xyzzy",)"}) {
    CAPTURE(value);
    CHECK(evaluated({{"if-match", value}}) == holds);
    CHECK(evaluated({{"if-match", value}}, kStrong, Method::put) == holds);
  }
  for (const std::string_view value :
       {R"("other")", R"(W/"xyzzy")", "", ",", R"("a,xyzzy")", "\"XYZZY\""}) {
    CAPTURE(value);
    CHECK(evaluated({{"if-match", value}}) == failed);
    CHECK(evaluated({{"if-match", value}}, kStrong, Method::head) == failed);
  }
  CHECK(evaluated({{"if-match", R"(W/"xyzzy")"}}, kWeak) == failed);
  CHECK(evaluated({{"if-match", R"("xyzzy")"}}, kWeak) == failed);
  CHECK(evaluated({{"if-match", "*"}}, kWeak) == holds);
  CHECK(evaluated({{"if-match", "*"}}, {"", kModified}) == holds);
}

TEST_CASE("If-None-Match finds a weak match or anything") {
  for (const std::string_view value :
       {R"("xyzzy")", R"(W/"xyzzy")", R"("xyzzy", "r2d2xxxx", "c3piozzzz")", "*", "\t*",
        R"(W/"xyzzy", W/"r2d2xxxx", W/"c3piozzzz")", R"(,,"a" , "xyzzy")"}) {
    for (const Validators& current : {kStrong, kWeak}) {
      CAPTURE(value, current.etag);
      CHECK(evaluated({{"if-none-match", value}}, current) == not_modified);
      CHECK(evaluated({{"if-none-match", value}}, current, Method::head) == not_modified);
      CHECK(evaluated({{"if-none-match", value}}, current, Method::put) == failed);
      CHECK(evaluated({{"if-none-match", value}}, current, Method::post) == failed);
    }
  }
  for (const std::string_view value : {R"("other")", "", " , ", R"("a,xyzzy")", R"("xyzzy,a")"}) {
    CAPTURE(value);
    CHECK(evaluated({{"if-none-match", value}}) == holds);
  }
  CHECK(evaluated({{"if-none-match", "*"}}, {"", kModified}) == not_modified);
  CHECK(evaluated({{"if-none-match", R"("")"}}, {"", kModified}) == holds);
}

TEST_CASE("a malformed list matches nothing, whatever else is in it") {
  for (const std::string_view value :
       {R"("xyzzy", a)", R"(a, "xyzzy")", R"("xyzzy", *)", R"(*, "xyzzy")", "*, *", "*,", ",*",
        R"("xyzzy" "b")", R"("xyzzy"; "b")", R"("xyzzy", "b)", R"("xyzzy", w/"b")", "xyzzy",
        R"("xyzzy", W/ "b")", R"("xyzzy", "b c")", R"("xyzzy"b)"}) {
    CAPTURE(value);
    CHECK(evaluated({{"if-match", value}}) == failed);
    CHECK(evaluated({{"if-none-match", value}}) == holds);
    // It is there all the same, so the date is not looked at.
    CHECK(evaluated({{"if-none-match", value}, {"if-modified-since", kSame}}) == holds);
  }
}

TEST_CASE("a comma in an entity tag is a part of it, and so is a backslash") {
  const Validators comma{"\"a,b\"", kModified};
  CHECK(evaluated({{"if-match", R"("a,b")"}}, comma) == holds);
  CHECK(evaluated({{"if-match", R"("a","b")"}}, comma) == failed);
  const Validators backslash{R"("a\")", kModified};
  CHECK(evaluated({{"if-match", R"("x", "a\")"}}, backslash) == holds);
}

TEST_CASE("the lines of one field are one list") {
  CHECK(evaluated({{"if-match", R"("a", "b")"}, {"if-match", R"("xyzzy")"}}) == holds);
  CHECK(evaluated({{"if-none-match", R"("xyzzy")"}, {"if-none-match", R"("b")"}}) == not_modified);
  CHECK(evaluated({{"if-none-match", R"("xyzzy")"}, {"if-none-match", "b"}}) == holds);
  CHECK(evaluated({{"if-none-match", "*"}, {"if-none-match", R"("xyzzy")"}}) == holds);
  CHECK(evaluated({{"if-match", "*"}, {"if-match", "*"}}) == failed);
  CHECK(evaluated({{"if-match", R"("xyzzy)"}, {"if-match", "a\""}}) == failed);
}

TEST_CASE("If-Unmodified-Since fails when the representation is newer, for every method") {
  for (const Method method : {Method::get, Method::head, Method::put, Method::del}) {
    CHECK(evaluated({{"if-unmodified-since", kBefore}}, kStrong, method) == failed);
    CHECK(evaluated({{"if-unmodified-since", kSame}}, kStrong, method) == holds);
    CHECK(evaluated({{"if-unmodified-since", kAfter}}, kStrong, method) == holds);
  }
}

TEST_CASE("If-Modified-Since is for GET and HEAD") {
  for (const Method method : {Method::get, Method::head}) {
    CHECK(evaluated({{"if-modified-since", kBefore}}, kStrong, method) == holds);
    CHECK(evaluated({{"if-modified-since", kSame}}, kStrong, method) == not_modified);
    CHECK(evaluated({{"if-modified-since", kAfter}}, kStrong, method) == not_modified);
  }
  CHECK(evaluated({{"if-modified-since", kAfter}}, kStrong, Method::post) == holds);
  CHECK(evaluated({{"if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT"}}) == not_modified);
  CHECK(evaluated({{"if-modified-since", "Sun Nov  6 08:49:37 1994"}}) == not_modified);
}

TEST_CASE("a date that is malformed or there twice is ignored") {
  for (const std::string_view value :
       {"", "yesterday", "784111777", "Sun, 06 Nov 1994 08:49:37", "\"xyzzy\"",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT"}) {
    CAPTURE(value);
    CHECK(evaluated({{"if-modified-since", value}}) == holds);
    CHECK(evaluated({{"if-unmodified-since", value}}) == holds);
  }
  CHECK(evaluated({{"if-modified-since", kSame}, {"if-modified-since", kSame}}) == holds);
  CHECK(evaluated({{"if-unmodified-since", kBefore}, {"if-unmodified-since", kBefore}}) == holds);
}

TEST_CASE("the preconditions are evaluated in the RFC's order") {
  // If-Match takes the place of If-Unmodified-Since, and comes before the others.
  CHECK(evaluated({{"if-unmodified-since", kBefore}, {"if-match", "*"}}) == holds);
  CHECK(evaluated({{"if-unmodified-since", kAfter}, {"if-match", "\"a\""}}) == failed);
  CHECK(evaluated({{"if-none-match", "*"}, {"if-match", "\"a\""}}) == failed);
  CHECK(evaluated({{"if-none-match", "*"}, {"if-match", "*"}}) == not_modified);
  CHECK(evaluated({{"if-none-match", "*"}, {"if-unmodified-since", kBefore}}) == failed);
  CHECK(evaluated({{"if-modified-since", kAfter}, {"if-unmodified-since", kBefore}}) == failed);
  CHECK(evaluated({{"if-modified-since", kSame}, {"if-unmodified-since", kSame}}) == not_modified);
  // If-None-Match takes the place of If-Modified-Since.
  CHECK(evaluated({{"if-modified-since", kAfter}, {"if-none-match", "\"a\""}}) == holds);
  CHECK(evaluated({{"if-modified-since", kBefore}, {"if-none-match", "*"}}) == not_modified);
  CHECK(evaluated({}) == holds);
}

TEST_CASE("If-Range holds for exactly the current strong tag") {
  CHECK(range_holds({}));
  CHECK(range_holds({{"if-range", "\"xyzzy\""}}));
  CHECK_FALSE(range_holds({{"if-range", "\"other\""}}));
  CHECK_FALSE(range_holds({{"if-range", "W/\"xyzzy\""}}));
  CHECK_FALSE(range_holds({{"if-range", "W/\"xyzzy\""}}, kWeak));
  CHECK_FALSE(range_holds({{"if-range", "\"xyzzy\""}}, kWeak));
  for (const std::string_view value :
       {"", "*", "xyzzy", "\"xyzzy", "\"xyzzy\", \"a\"", "\"xyzzy\",", "yesterday"}) {
    CAPTURE(value);
    CHECK_FALSE(range_holds({{"if-range", value}}));
  }
  CHECK_FALSE(range_holds({{"if-range", "\"xyzzy\""}, {"if-range", "\"xyzzy\""}}));
}

TEST_CASE("If-Range holds for exactly the current date while the tag is strong") {
  CHECK(range_holds({{"if-range", kSame}}));
  CHECK(range_holds({{"if-range", "Sunday, 06-Nov-94 08:49:37 GMT"}}));
  CHECK_FALSE(range_holds({{"if-range", kBefore}}));
  CHECK_FALSE(range_holds({{"if-range", kAfter}}));
  CHECK_FALSE(range_holds({{"if-range", kSame}}, kWeak));
  CHECK_FALSE(range_holds({{"if-range", kSame}}, {"", kModified}));
  CHECK_FALSE(range_holds({{"if-range", kSame}, {"if-range", kSame}}));
}
