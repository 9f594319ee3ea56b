#include "http/semantics/negotiation.h"

#include <catch2/catch_test_macros.hpp>
#include <initializer_list>
#include <string>

using namespace troika;

namespace {

using enum Coding;
using Lines = std::initializer_list<std::string_view>;

HeaderMap map_of(std::string_view name, Lines lines) {
  HeaderMap headers;
  headers.add("Host", "example.com");
  for (const std::string_view line : lines) headers.add(name, line);
  return headers;
}
AcceptEncoding encoding(Lines lines) { return AcceptEncoding(map_of("Accept-Encoding", lines)); }

// "identity br zstd gzip" in thousandths.
std::string qualities(Lines lines) {
  const AcceptEncoding accept = encoding(lines);
  std::string out;
  for (const Coding coding : {identity, br, zstd, gzip}) {
    out += (out.empty() ? "" : " ") + std::to_string(accept.quality(coding));
    CHECK(accept.accepts(coding) == (accept.quality(coding) > 0));
  }
  return out;
}
std::string chosen(Lines lines, std::initializer_list<Coding> offers) {
  const auto index = encoding(lines).choose(offers);
  return index ? std::string(name_of(offers.begin()[*index])) : "none";
}
std::string_view chosen_type(Lines lines, std::initializer_list<std::string_view> offers) {
  return offers.begin()[choose_media_type(map_of("Accept", lines), offers)];
}
bool names(Lines lines, std::string_view type) {
  return names_media_type(map_of("Accept", lines), type);
}

}  // namespace

TEST_CASE("codings have the names that Content-Encoding knows them by") {
  CHECK(name_of(identity) == "identity");
  CHECK(name_of(br) == "br");
  CHECK(name_of(zstd) == "zstd");
  CHECK(name_of(gzip) == "gzip");
}

TEST_CASE("the RFC's own examples of Accept-Encoding") {
  CHECK(qualities({"compress, gzip"}) == "1 0 0 1000");
  CHECK(qualities({""}) == "1 0 0 0");
  CHECK(qualities({"*"}) == "1000 1000 1000 1000");
  CHECK(qualities({"compress;q=0.5, gzip;q=1.0"}) == "1 0 0 1000");
  CHECK(qualities({"gzip;q=1.0, identity; q=0.5, *;q=0"}) == "500 0 0 1000");
}

TEST_CASE("without an Accept-Encoding field, or an empty one, there is identity only") {
  CHECK(qualities({}) == "1 0 0 0");
  CHECK(qualities({" , ,"}) == "1 0 0 0");
  CHECK(qualities({"deflate, sdch"}) == "1 0 0 0");
  CHECK(chosen({}, {br, gzip, identity}) == "identity");
  CHECK(chosen({""}, {br, gzip, identity}) == "identity");
  CHECK(chosen({""}, {br, gzip}) == "none");
}

TEST_CASE("an asterisk stands for the codings that are not named, wherever it stands") {
  CHECK(qualities({"*;q=0.5, br;q=0.2"}) == "500 200 500 500");
  CHECK(qualities({"br;q=0.2, *;q=0.5"}) == "500 200 500 500");
  CHECK(qualities({"*;q=0"}) == "0 0 0 0");
  CHECK(qualities({"*;q=0, identity"}) == "1000 0 0 0");
  CHECK(qualities({"identity;q=0"}) == "0 0 0 0");
  CHECK(qualities({"identity;q=0, *"}) == "0 1000 1000 1000");
  CHECK(qualities({"br;q=0, *;q=0.1"}) == "100 0 100 100");
  CHECK(chosen({"identity;q=0"}, {identity, br}) == "none");
}

TEST_CASE("names of codings and q are read in any case, and x-gzip is gzip") {
  CHECK(qualities({"BR;Q=0.5, ZStd, GZIP;q=0.25, Identity;q=0"}) == "0 500 1000 250");
  CHECK(qualities({"x-gzip;q=0.5"}) == "1 0 0 500");
  CHECK(qualities({"X-GZip"}) == "1 0 0 1000");
  CHECK(qualities({"x-br, gzipx, x-gzi, brr, b"}) == "1 0 0 0");
}

TEST_CASE("quality values are read as strictly as the grammar is") {
  struct Row {
    std::string_view q, result;
  };
  for (const Row row :
       {Row{"0", "0"}, Row{"0.", "0"}, Row{"0.0", "0"}, Row{"0.000", "0"}, Row{"0.001", "1"},
        Row{"0.01", "10"}, Row{"0.1", "100"}, Row{"0.123", "123"}, Row{"0.999", "999"},
        Row{"1", "1000"}, Row{"1.", "1000"}, Row{"1.0", "1000"}, Row{"1.00", "1000"},
        Row{"1.000", "1000"}}) {
    CAPTURE(row.q);
    CHECK(qualities({std::string("br;q=").append(row.q)}) ==
          "1 " + std::string(row.result) + " 0 0");
  }
  for (const std::string_view q :
       {"",    "0.0000", "0.1234", "1.0000", "1.001",   "1.1",  "2",    "10", "01",
        "00",  "00.5",   ".5",     "-1",     "+1",      "-0",   "0.5x", "x",  "1e0",
        "0x1", "0 .5",   "0. 5",   " 0.5",   "\"0.5\"", "0..5", "0.5.", "nan"}) {
    CAPTURE(q);
    // Ignored, so it is as if it were not named: the asterisk is for it.
    CHECK(encoding({std::string("*;q=0.7, br;q=").append(q)}).quality(br) == 700);
  }
}

TEST_CASE("a member whose q is there twice, without a value or with spaces is ignored") {
  for (const std::string_view member : {"br;q", "br;q=0.5;q=0.4", "br;q=1;Q=1", "br;q =0.5",
                                        "br;q= 0.5", "br;q = 0.5", "br;q=0.5 x"}) {
    CAPTURE(member);
    CHECK(qualities({member}) == "1 0 0 0");
  }
}

TEST_CASE("white space, empty members and other parameters are tolerated") {
  CHECK(qualities({" ,, br \t;\tq=0.5 ,\t, gzip ; q=0.25 ,"}) == "1 500 0 250");
  CHECK(qualities({"br;level=9;q=0.5"}) == "1 500 0 0");
  CHECK(qualities({"br;q=0.5;level=9;x"}) == "1 500 0 0");
  CHECK(qualities({"br;;q=0.5;"}) == "1 500 0 0");
  CHECK(qualities({R"(br;x="a, gzip;q=1";q=0.5, zstd)"}) == "1 500 1000 0");
  CHECK(qualities({R"(br;x="\",gzip";q=0.5)"}) == "1 500 0 0");
  CHECK(qualities({"br;qq=0.5, gzip;xq=0.5"}) == "1 1000 0 1000");
  CHECK(qualities({";q=0.5, ;, =, \"br\", br gzip"}) == "1 0 0 0");
}

TEST_CASE("all lines of the field count, and of one coding the last member that is valid") {
  CHECK(qualities({"br;q=0.5", "gzip"}) == "1 500 0 1000");
  CHECK(qualities({"br;q=0.5, br;q=0.25"}) == "1 250 0 0");
  CHECK(qualities({"br;q=0.5", "br;q=2"}) == "1 500 0 0");
  CHECK(qualities({"gzip;q=0", "x-gzip;q=0.5"}) == "1 0 0 500");
  CHECK(qualities({"*;q=0.5, *;q=0.1"}) == "100 100 100 100");
  CHECK(qualities({"br;x=\"", "gzip"}) == "1 1000 0 1000");  // no quote reaches over two lines
}

TEST_CASE("the best of what is on offer is chosen, of equals the first") {
  CHECK(chosen({"gzip, deflate, br, zstd"}, {br, zstd, gzip, identity}) == "br");
  CHECK(chosen({"gzip, deflate, br, zstd"}, {zstd, br, gzip, identity}) == "zstd");
  CHECK(chosen({"gzip, br;q=0.9"}, {br, gzip, identity}) == "gzip");
  CHECK(chosen({"gzip;q=0.5, br;q=0.501"}, {gzip, br}) == "br");
  CHECK(chosen({"*;q=0.1"}, {identity, br}) == "identity");
  CHECK(chosen({"identity, br;q=0.5"}, {br, identity}) == "identity");
  CHECK(chosen({"br;q=0"}, {br}) == "none");
  CHECK(chosen({"br"}, {}) == "none");
}

TEST_CASE("identity that nothing is said of loses even against the lowest quality") {
  CHECK(chosen({"br;q=0.001"}, {identity, br}) == "br");
  CHECK(chosen({"br;q=0.001"}, {br, identity}) == "br");
  CHECK(chosen({"br;q=0.001"}, {identity, gzip}) == "identity");
  CHECK(chosen({"br;q=0.001, identity;q=0.001"}, {identity, br}) == "identity");
  CHECK(chosen({"br;q=0.001, *;q=0.001"}, {identity, br}) == "identity");
}

TEST_CASE("the RFC's own examples of Accept") {
  const Lines audio = {"audio/*; q=0.2, audio/basic"};
  CHECK(chosen_type(audio, {"audio/mp3", "audio/basic"}) == "audio/basic");
  CHECK(chosen_type(audio, {"text/html", "audio/mp3"}) == "audio/mp3");
  const Lines text = {"text/plain; q=0.5, text/html,", "text/x-dvi; q=0.8, text/x-c"};
  CHECK(chosen_type(text, {"text/x-c", "text/html"}) == "text/x-c");
  CHECK(chosen_type(text, {"text/html", "text/x-c"}) == "text/html");
  CHECK(chosen_type(text, {"text/plain", "text/x-dvi"}) == "text/x-dvi");
  CHECK(chosen_type(text, {"text/csv", "text/plain"}) == "text/plain");
  const Lines precedence = {
      "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed,"
      "text/plain;format=fixed;q=0.4, */*;q=0.5"};
  CHECK(chosen_type(precedence, {"text/html", "image/jpeg", "text/plain"}) == "text/plain");
  CHECK(chosen_type(precedence, {"text/html", "image/jpeg"}) == "image/jpeg");
}

TEST_CASE("the more specific range decides, wherever it stands") {
  for (const std::string_view accept :
       {"text/html;q=0.1, text/*;q=0.5, */*;q=0.3", "*/*;q=0.3, text/*;q=0.5, text/html;q=0.1"}) {
    CAPTURE(accept);
    CHECK(chosen_type({accept}, {"text/html", "text/css"}) == "text/css");
    CHECK(chosen_type({accept}, {"text/html", "image/png"}) == "image/png");
    CHECK(chosen_type({accept}, {"image/png", "text/css"}) == "text/css");
  }
  CHECK(chosen_type({"*/*, text/html;q=0"}, {"text/html", "image/png"}) == "image/png");
  CHECK(chosen_type({"TEXT/HTML;q=0.5, Text/*"}, {"text/html", "text/css"}) == "text/css");
  CHECK(chosen_type({"text/html;level=1, application/json;q=0.9"},
                    {"application/json", "text/html"}) == "text/html");
  CHECK(chosen_type({"text/html;level=1, text/html;q=0.5, application/json;q=0.9"},
                    {"application/json", "text/html"}) == "application/json");
}

TEST_CASE("the first is taken without Accept, when all are equal and when none is acceptable") {
  for (const std::string_view accept : {"", "*/*", "image/png", "text/*;q=0", "text/html;q=7", "*",
                                        "*/html", "text/", "/*", "text*", "text /*"}) {
    CAPTURE(accept);
    CHECK(chosen_type({accept}, {"text/html", "text/css"}) == "text/html");
    CHECK(chosen_type({accept}, {"text/css", "text/html"}) == "text/css");
  }
  CHECK(chosen_type({}, {"text/html", "application/json"}) == "text/html");
  CHECK(choose_media_type(map_of("Accept", {"a/b"}), {}) == 0);
}

TEST_CASE("a media type is named by itself only, with a quality above 0") {
  CHECK(names({"text/html"}, "text/html"));
  CHECK(names({"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, "text/html"));
  CHECK(names({"*/*", "image/png, Text/HTML;q=0.001"}, "text/html"));
  CHECK(names({"text/html;charset=utf-8"}, "text/html"));
  for (const std::string_view accept :
       {"", "*/*", "text/*", "text/html;q=0", "text/html;q=0.000, */*", "text/html;q=2",
        "text/htmlx", "text/htm", "xtext/html", "application/xhtml+xml", "\"text/html\""}) {
    CAPTURE(accept);
    CHECK_FALSE(names({accept}, "text/html"));
  }
  CHECK_FALSE(names({}, "text/html"));
  CHECK_FALSE(names({"text/html", "text/html;q=0"}, "text/html"));  // the last one counts
}
