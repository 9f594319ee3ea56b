#include "tools/parity/table.h"

#include <catch2/catch_test_macros.hpp>

#include "parity/shared_lab.h"
#include "test_paths.h"
#include "tools/parity/run.h"

namespace troika::parity {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(TROIKA_SOURCE_DIR) / "tools/parity";

TEST_CASE("Every row of the tables holds over every protocol") {
  const auto rows = read_tables(kFolder / "tables");
  if (!rows) FAIL(rows.error());
  const auto allowed = Differences::read(kFolder / "differences.txt");
  if (!allowed) FAIL(allowed.error());
  Lab& lab = shared_lab();
  const TablesRun run = run_tables(lab, *allowed, *rows);
  const auto once = static_cast<std::size_t>(std::ranges::count(*rows, true, &Row::once));
  CHECK(run.outcomes.size() == 3 * rows->size() - 2 * once);
  for (const Outcome& outcome : run.outcomes) {
    if (!outcome.wrong.empty()) FAIL_CHECK(describe(outcome));
  }
  for (const std::string& connection : run.connections) FAIL_CHECK(connection);
  CHECK(lab.close() == 0);
}

TEST_CASE("No table is lost") {
  const auto rows = read_tables(kFolder / "tables");
  if (!rows) FAIL(rows.error());
  CHECK(rows->size() >= 1300);
  std::map<std::string, std::size_t> tables;
  for (const Row& row : *rows) ++tables[row.file];
  CHECK(tables.size() >= 11);
  for (const auto& [name, count] : tables) {
    CAPTURE(name);
    CHECK(count >= 30);
  }
}

TEST_CASE("A table is read as it is written") {
  const auto rows = read_table("t",
                               "// a remark\n"
                               "%profile spa\n"
                               "# RFC 9110 §13.1.2\n"
                               "@ first: title\n"
                               "GET /a.txt?x=1\n"
                               "> If-None-Match: W/{etag a.txt}\n"
                               ">body*3 ab\n"
                               "\n"
                               "< 304\n"
                               "< ETag: {etag a.txt}\n"
                               "< cache-control\n"
                               "< -content-length\n"
                               "< vary ~ accept-encoding\n"
                               "= a\\r\\n\\x41\n"
                               "=file name with space.txt 5 9\n"
                               "=decoded br a b.txt\n"
                               "=contains text of it\n"
                               "=lacks text of it\n"
                               "=order a b\\x20c\n"
                               "=parts a.txt text/plain; charset=utf-8 0-4 10-19\n"
                               "=empty\n"
                               "%once\n"
                               "@ second\n"
                               "HEAD /\n"
                               "< 200");
  if (!rows) FAIL(rows.error());
  REQUIRE(rows->size() == 2);
  const Row& row = (*rows)[0];
  CHECK(row.place() == "t.table:4");
  CHECK(row.section == "RFC 9110 §13.1.2");
  CHECK(row.profile == "spa");
  CHECK(row.title == "first: title");
  CHECK(row.ask.method == "GET");
  CHECK(row.ask.target == "/a.txt?x=1");
  CHECK(row.ask.fields == Fields{{"If-None-Match", "W/{etag a.txt}"}});
  CHECK(row.ask.body == "ababab");
  CHECK(row.status == 304);
  using Kind = FieldRule::Kind;
  CHECK(row.fields == std::vector<FieldRule>{{Kind::exactly, "etag", "{etag a.txt}"},
                                             {Kind::once, "cache-control"},
                                             {Kind::absent, "content-length"},
                                             {Kind::member, "vary", "accept-encoding"}});
  using Body = BodyRule::Kind;
  CHECK(row.bodies == std::vector<BodyRule>{
                          {.kind = Body::text, .text = "a\r\nA"},
                          {.kind = Body::file, .file = "name with space.txt", .ranges = {{5, 9}}},
                          {.kind = Body::decoded, .file = "a b.txt", .coding = "br"},
                          {.kind = Body::contains, .text = "text of it"},
                          {.kind = Body::lacks, .text = "text of it"},
                          {.kind = Body::order, .texts = {"a", "b c"}},
                          {.kind = Body::parts,
                           .file = "a.txt",
                           .type = "text/plain; charset=utf-8",
                           .ranges = {{0, 4}, {10, 19}}},
                          {.kind = Body::empty}});
  CHECK_FALSE(row.once);
  CHECK((*rows)[1].once);
  CHECK((*rows)[1].title == "second");
  CHECK_FALSE((*rows)[1].ask.body.has_value());
}

TEST_CASE("What is wrong in a table is said with its file and line") {
  const auto error = [](const char* text) {
    const auto rows = read_table("bad", text);
    return rows ? std::string("no error") : rows.error();
  };
  CHECK(error("@ t\nGET /\n") == "bad.table:2: \"t\" has no status");
  CHECK(error("@ t\n< 200\n") == "bad.table:2: there is no request yet");
  CHECK(error("@ t\n@ u\n") == "bad.table:2: \"t\" has no request");
  CHECK(error("GET /\n") == "bad.table:1: a row begins with @ and its title");
  CHECK(error("@ t\nGET / HTTP/1.1\n").starts_with("bad.table:2: "));
  CHECK(error("@ t\nGET /\n> no colon\n") == "bad.table:3: a field is Name: value");
  CHECK(error("@ t\nGET /\n< 200\n< 201\n") == "bad.table:4: a second status");
  CHECK(error("@ t\nGET /\n< 200\n< two words\n").starts_with("bad.table:4: "));
  CHECK(error("@ t\nGET /\n< 200\n=nothing of it\n").starts_with("bad.table:4: no such body"));
  CHECK(error("@ t\nGET /\n< 200\n= \\q\n").starts_with("bad.table:4: an escape is"));
  CHECK(error("@ t\nGET /\n< 200\n=decoded lzma a.txt\n").starts_with("bad.table:4: "));
  CHECK(error("@ t\nGET /\n< 200\n=order a\n").starts_with("bad.table:4: =order wants"));
  CHECK(error("@ t\nGET /\n< 200\n=parts a.txt 0-4\n").starts_with("bad.table:4: "));
  CHECK(error("\n%profil spa\n").starts_with("bad.table:2: no such setting"));
  CHECK(error("@ t\nGET /\n< 200\n# s\n= x\n").starts_with("bad.table:5: "));
}

}  // namespace
}  // namespace troika::parity
