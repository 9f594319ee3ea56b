#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <string>
#include <vector>

#include "base/text.h"
#include "handlers/digest.h"
#include "handlers/listing/listing.h"
#include "handlers/listing/listing_page.h"
#include "http/message/target.h"
#include "listing_check.h"
#include "support/json.h"

using namespace troika;
using json = troika::test::Json;
using troika::test::HtmlCheck;
using Key = ListingQuery::Key;

namespace {

ListingPage page_of(std::vector<ListingEntry> entries, std::string path = "/x/") {
  ListingPage page;
  page.path = std::move(path);
  page.total = entries.size();
  page.entries = std::move(entries);
  return page;
}

HtmlCheck checked(const ListingPage& page) {
  HtmlCheck html(render_html(page));
  INFO(html.problem());
  REQUIRE(html.problem().empty());
  return html;
}

std::vector<std::string> hostile_names() {
  return {"\"",
          "'",
          "\" onmouseover=\"alert(1)",
          "<script>alert(1)<",
          "<!--",
          "]]>",
          "&",
          "&lt;script&gt;",
          "a\r\nSet-Cookie: a=b",
          "a\tb",
          "javascript:alert(1)",
          "...",
          "?query",
          "#fragment",
          "%2e%2e",
          "%2F%2Fevil.example",
          "photo\u202Egpj.exe",
          "\u65E5\u672C\u8A9E",
          "\U0001F600",
          "\u05E9\u05DC\u05D5\u05DD",
          "\xFF\xFE",
          "\xC0\xAF",
          "\xED\xA0\x80",
          "\xE2\x82<b>",
          "\xE0\x80\"",
          "\x01\x02\x1B[31mred",
          "\x7F",
          "\u0085next line",
          "{{build}}",
          "${7*7}",
          "  two  spaces  ",
          "`",
          "+ADw-script+AD4-",
          std::string(255, '"'),
          std::string(255, '\xE2')};
}

}  // namespace

TEST_CASE("no name brings a tag or an attribute into the page, and each link leads to its name") {
  for (const std::string& name : hostile_names()) {
    for (const bool folder : {false, true}) {
      CAPTURE(name, folder);
      const ListingPage page = page_of({{name, folder, 1, 0}}, "/" + name + "/");
      const HtmlCheck html = checked(page);
      REQUIRE(html.named("tr").size() == 3);
      REQUIRE(html.named("a").size() == 6);
      const std::string href = html.named("a")[5].attributes.at("href");
      REQUIRE(href.starts_with("./"));
      const auto target = parse_target("/" + href.substr(2));
      REQUIRE(target);
      CHECK(target->path == "/" + name + (folder ? "/" : ""));
      CHECK(target->query.empty());
      const json same = test::read_json(render_json(page));
      CHECK(same["entries"][0]["href"] == href);
      if (is_utf8(name)) {
        CHECK(same["entries"][0]["name"] == name);
        CHECK(same["path"] == page.path);
      } else {
        CHECK(same["entries"][0]["name"].get<std::string>().contains("\uFFFD"));
      }
    }
  }
}

TEST_CASE("a name that no target has is shown without a link") {
  for (const std::string name : {"\\", "..\\..\\evil", "a\\<b>\""}) {
    CAPTURE(name);
    const HtmlCheck html = checked(page_of({{name, false, 1, 0}, {"a", false, 1, 0}}));
    CHECK(html.named("a").size() == 6);
    CHECK(html.named("a")[5].attributes.at("href") == "./a");
    CHECK(html.named("bdi")[2].text == name);
    const json entry = test::read_json(render_json(page_of({{name, false, 1, 0}})))["entries"][0];
    CHECK(entry["name"] == name);
    CHECK(entry["href"].is_null());
  }
}

TEST_CASE("what cannot be displayed is a replacement character") {
  struct Row {
    std::string name, shown;
  };
  for (const Row& row :
       {Row{"a\nb\x01\x7F", "a\uFFFDb\uFFFD\uFFFD"},
        Row{"\u0085\u009F\u00A0", "\uFFFD\uFFFD\u00A0"},
        Row{"photo\u202Egpj.exe", "photo\uFFFDgpj.exe"}, Row{"\xFF\xFE", "\uFFFD\uFFFD"},
        Row{"\xC0\xAF", "\uFFFD\uFFFD"}, Row{"\xE2\x82", "\uFFFD"}, Row{"\xE2\x82z", "\uFFFDz"},
        Row{"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
        Row{"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"}, Row{"\xF0\x9F\x98z", "\uFFFDz"},
        Row{"\u00E4\u65E5\U0001F600\U0010FFFF", "\u00E4\u65E5\U0001F600\U0010FFFF"},
        Row{"<&>\"'", "<&>\"'"}}) {
    CAPTURE(row.name);
    CHECK(checked(page_of({{row.name, false, 0, 0}})).named("bdi").back().text == row.shown);
  }
}

TEST_CASE("a listing as JSON, byte for byte") {
  ListingPage page = page_of({{"d", true, 0, 1'577'836'800}, {"a", false, 12, 1'577'836'800}});
  page.query.page = 2;
  page.pages = 3;
  page.total = 2345;
  CHECK(render_json(page) ==
        R"({"path":"/x/","sort":"name","order":"asc","page":2,"pages":3,"total":2345,)"
        R"("truncated":false,"entries":[)"
        R"({"name":"d","href":"./d/","type":"folder","modified":"2020-01-01T00:00:00Z"},)"
        R"({"name":"a","href":"./a","type":"file","size":12,"modified":"2020-01-01T00:00:00Z"}]})"
        "\n");
  page.query = {Key::date, true, 1, true};
  page.truncated = true;
  page.entries.clear();
  const json other = test::read_json(render_json(page));
  CHECK(other["sort"] == "date");
  CHECK(other["order"] == "desc");
  CHECK(other["truncated"] == true);
  CHECK(other["entries"].empty());
}

TEST_CASE("links to folders and pages keep the order, those to files have no query") {
  ListingPage page = page_of({{"d", true, 0, 0}, {"f", false, 1, 0}}, "/a b/c/");
  page.query = {Key::size, true, 2, false};
  page.pages = 3;
  std::vector<std::string> hrefs;
  for (const auto& tag : checked(page).named("a")) hrefs.push_back(tag.attributes.at("href"));
  CHECK(hrefs ==
        std::vector<std::string>{"../../?sort=size&order=desc",  // the root
                                 "../?sort=size&order=desc",     // /a b/
                                 "./",                           // sort by name
                                 "./?sort=size",                 // turn the order around
                                 "./?sort=date&order=desc",      // the latest first
                                 "../?sort=size&order=desc",     // the parent folder
                                 "./d/?sort=size&order=desc",    //
                                 "./f",                          //
                                 "./?sort=size&order=desc",      // the page before, the first one
                                 "./?sort=size&order=desc&page=3"});  // the page after
}

TEST_CASE("the active column tells its order") {
  ListingPage page = page_of({});
  page.query.key = Key::date;
  const auto columns = checked(page).named("th");
  REQUIRE(columns.size() == 3);
  CHECK_FALSE(columns[0].attributes.contains("aria-sort"));
  CHECK_FALSE(columns[1].attributes.contains("aria-sort"));
  CHECK(columns[2].attributes.at("aria-sort") == "ascending");
  page.query = {Key::name, true, 1, false};
  CHECK(checked(page).named("th")[0].attributes.at("aria-sort") == "descending");
  CHECK(checked(page).named("a")[1].attributes.at("href") == "./");
}

TEST_CASE("the root has no way up, and a page in the middle has both neighbours") {
  ListingPage page = page_of({}, "/");
  CHECK(checked(page).named("a").size() == 3);
  CHECK(checked(page).named("p")[0].text == "This folder is empty.");
  page.pages = 3;
  page.total = 2345;
  const auto relations = [](const ListingPage& p) {
    std::string out;
    for (const auto& tag : checked(p).named("a")) {
      if (tag.attributes.contains("rel")) out += tag.attributes.at("rel") + " ";
    }
    return out;
  };
  CHECK(relations(page) == "next ");
  CHECK(checked(page).named("p")[0].text == "2,345 entries, page 1 of 3");
  page.query.page = 2;
  CHECK(relations(page) == "prev next ");
  page.query.page = 3;
  CHECK(relations(page) == "prev ");
}

TEST_CASE("sizes and dates are for people, with the exact ones beside them") {
  struct Row {
    std::uint64_t size;
    std::string_view shown, exact;
  };
  for (const Row& row :
       {Row{0, "0 B", "0 bytes"}, Row{1, "1 B", "1 byte"}, Row{1023, "1023 B", "1,023 bytes"},
        Row{1024, "1.0 KiB", "1,024 bytes"}, Row{1536, "1.5 KiB", "1,536 bytes"},
        Row{10'188, "9.9 KiB", "10,188 bytes"}, Row{10'200, "10 KiB", "10,200 bytes"},
        Row{10'240, "10 KiB", "10,240 bytes"}, Row{1'048'063, "1023 KiB", "1,048,063 bytes"},
        Row{1'048'064, "1.0 MiB", "1,048,064 bytes"}, Row{1'048'576, "1.0 MiB", "1,048,576 bytes"},
        Row{356'515'840, "340 MiB", "356,515,840 bytes"},
        Row{1'073'741'824, "1.0 GiB", "1,073,741,824 bytes"},
        Row{1'099'511'627'776, "1.0 TiB", "1,099,511,627,776 bytes"},
        Row{std::numeric_limits<std::uint64_t>::max(), "16 EiB",
            "18,446,744,073,709,551,615 bytes"}}) {
    const auto cells = checked(page_of({{"a", false, row.size, 1'577'836'859}}, "/")).named("td");
    REQUIRE(cells.size() == 3);
    CHECK(cells[1].text == row.shown);
    CHECK(cells[1].attributes.at("title") == row.exact);
    CHECK(cells[2].text == "2020-01-01 00:00");
  }
  for (const std::time_t extreme :
       {std::numeric_limits<std::time_t>::min(), std::numeric_limits<std::time_t>::max()}) {
    const auto times = checked(page_of({{"a", false, 0, extreme}})).named("time");
    CHECK(times[0].attributes.at("datetime") ==
          (extreme < 0 ? "0001-01-01T00:00:00Z" : "9999-12-31T23:59:59Z"));
  }
}

TEST_CASE("the page says how much a folder holds, and when that is not all") {
  ListingPage page = page_of({{"d", true, 0, 0}, {"e", true, 0, 0}, {"f", false, 0, 0}});
  CHECK(checked(page).named("p")[0].text == "2 folders, 1 file");
  page.truncated = true;
  CHECK(checked(page).named("p")[0].text.starts_with("2 folders, 1 file \u2013 and more"));
}

TEST_CASE("the policy allows the style sheet of the page and nothing else") {
  const auto styles = checked(page_of({})).named("style");
  REQUIRE(styles.size() == 1);
  const std::string sum = base64(sha256(std::as_bytes(std::span(styles[0].text))));
  CHECK(listing_policy() == formatted("default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; "
                                      "form-action 'none'; frame-ancestors 'none'",
                                      sum));
  CHECK_FALSE(styles[0].text.contains("url("));
  CHECK_FALSE(styles[0].text.contains("@import"));
}
