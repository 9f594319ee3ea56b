// What tests/parity cannot say, because it takes a file system or a thread pool that obeys.
#include <catch2/catch_test_macros.hpp>

#include "handlers/listing/listing.h"
#include "handlers/listing/listing_page.h"
#include "site_stage.h"

using namespace troika;
using namespace troika::test;

namespace {

using namespace std::chrono_literals;

const Fields kBrotli = accepting("br");

// With a file that is worth coding, and a pool that waits.
struct Compressing : SiteStage {
  Compressing() {
    add_text("big.txt", 5000);
    background.later = true;
  }
};

// Lets `steps` of what waits happen, in any place; false when nothing was left to happen.
bool complete(SiteStage& stage, int steps) {
  for (int i = 0; i < steps; ++i) {
    if (stage.files.waiting() > 0) {
      stage.files.complete();
    } else if (stage.hashing.waiting() > 0) {
      stage.hashing.complete();
    } else if (stage.background.waiting() > 0) {
      stage.background.complete();
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("a request may be cancelled at each of its steps") {
  const Fields wants{{"want-repr-digest", "sha-256=1"}, {"accept-encoding", "br"}};
  struct Row {
    std::string_view raw;
    Fields fields;
    std::uint16_t status;
  };
  for (const Row& row :
       {Row{"/big.txt", wants, 200}, Row{"/a.txt", wants, 200}, Row{"/bare/", {}, 200},
        Row{"/absent", {}, 404}, Row{"/big.txt", {{"range", "bytes=0-1,4-5"}}, 206},
        Row{"/huge.txt", wants, 200}, Row{"/page", {}, 200}}) {
    CAPTURE(row.raw);
    bool ended = false;
    for (int steps = 0; !ended; ++steps) {
      REQUIRE(steps < 20);
      SiteStage stage;
      stage.options.listing = stage.options.clean_urls = true;
      stage.options.error_pages = {{404, "a.txt"}};
      stage.add_text("big.txt", 5000);
      stage.add_text("huge.txt", (1U << 20U) + 1);
      stage.add_text("page.html", 10);
      stage.files.later = stage.background.later = stage.hashing.later = true;
      HandlerCall call = stage.get(row.raw, row.fields);
      ended = complete(stage, steps) && !call.responder.heads.empty();
      if (ended) CHECK(call.status() == row.status);
      const std::size_t heads = call.responder.heads.size();
      call.job.reset();
      call.responder.body.reset();
      CHECK(stage.files.waiting() == 0);
      while (complete(stage, 1)) {
      }
      CHECK(call.responder.heads.size() == heads);
    }
  }
}

TEST_CASE("a hot file is sent without a call to the file system") {
  SiteStage stage;
  CHECK(stage.get("/a.txt").body() == "hello");
  stage.files.opened.clear();
  stage.files.reads.clear();
  for (int i = 0; i < 3; ++i) CHECK(stage.get("/a.txt", kBrotli).body() == "hello");
  CHECK(stage.files.opened.empty());
  CHECK(stage.files.reads.empty());
}

TEST_CASE("a file is compressed once for all who ask meanwhile and later") {
  Compressing stage;
  HandlerCall gone = stage.get("/big.txt", kBrotli);  // the first to ask, and what it began goes on
  HandlerCall first = stage.get("/big.txt", kBrotli);
  HandlerCall second = stage.get("/big.txt", kBrotli);
  CHECK(stage.background.posted == 1);
  CHECK(first.responder.heads.empty());
  gone.job.reset();
  stage.background.complete();
  CHECK(gone.responder.heads.empty());
  const std::string body = first.body();
  CHECK(body.size() < 200);
  CHECK(second.body() == body);
  HandlerCall third = stage.get("/big.txt", kBrotli);
  CHECK(third.body() == body);
  CHECK(third.field("content-encoding") == "br");
  CHECK(third.responder.body->remaining().has_value());
  CHECK(stage.background.posted == 1);
}

TEST_CASE("a file that changes while it is compressed is compressed as it is sent") {
  Compressing stage;
  HandlerCall call = stage.get("/big.txt", kBrotli);
  for (std::size_t size = 5001; stage.background.waiting() > 0 && size < 5010; ++size) {
    stage.add_text("big.txt", size);  // somebody writes all the time
    stage.background.complete();
  }
  stage.background.later = false;
  CHECK(call.status() == 200);
  CHECK(call.field("content-encoding") == "br");
  CHECK_FALSE(call.responder.body->remaining().has_value());
  call.responder.body.reset();
  stage.bench.clock.advance(1s);
  CHECK(stage.get("/big.txt", kBrotli).responder.body->remaining().has_value());
}

TEST_CASE("a file that was replaced while it is compressed is sent as it was") {
  Compressing stage;
  HandlerCall call = stage.get("/big.txt", kBrotli);
  auto& entry = stage.files.entries["big.txt"];
  entry.inode = 2;
  entry.content = "new";
  stage.background.complete();
  CHECK(call.status() == 200);
  CHECK(call.field("content-encoding") == "br");
}

TEST_CASE("work that nobody waits for any more is not done") {
  Compressing stage;
  HandlerCall call = stage.get("/big.txt", kBrotli);
  call.job.reset();
  stage.files.entries["other.txt"].content = "other";
  stage.files.entries["other.txt"].modified_ns = 5;
  HandlerCall digest = stage.get("/other.txt", {{"want-repr-digest", "sha-256=1"}});
  digest.job.reset();
  while (stage.background.waiting() > 0) stage.background.complete();
  stage.background.later = false;
  CHECK(stage.background.posted == 2);
  CHECK(stage.get("/big.txt", kBrotli).status() == 200);
  CHECK(stage.background.posted == 3);  // the first had given up before it compressed
}

TEST_CASE("work that was given up is begun again for who came meanwhile") {
  Compressing stage;
  HandlerCall call = stage.get("/big.txt", kBrotli);
  call.job.reset();
  stage.background.begin();  // sees that nobody waits
  HandlerCall second = stage.get("/big.txt", kBrotli);
  stage.background.end();
  CHECK(second.responder.heads.empty());
  stage.background.complete();
  CHECK(second.field("content-encoding") == "br");
}

TEST_CASE("a file that was written to since it was opened is opened again") {
  SiteStage stage;
  stage.limits.small_body = 10;
  stage.add_text("big.bin", 100);
  CHECK(stage.get("/big.bin").body().size() == 100);
  stage.add_text("big.bin", 200);  // within SiteLimits::fresh
  HandlerCall call = stage.get("/big.bin");
  CHECK(call.body() == std::string(200, 't'));
}

TEST_CASE("so many listings are made or sent at a time, the next is 503") {
  SiteStage stage;
  stage.options.listing = true;
  stage.limits.listings.count = 2;
  HandlerCall first = stage.get("/bare/");
  HandlerCall second = stage.get("/bare/");
  CHECK(second.status() == 200);
  CHECK(stage.status("/bare/") == 503);
  first.responder.body.reset();
  CHECK(stage.status("/bare/") == 200);
}

TEST_CASE("errors that will pass are no 404 that a cache may keep") {
  SiteStage stage;
  stage.options.clean_urls = stage.options.spa = true;
  stage.files.entries["about.html"].open_error = ErrorCode::unavailable;
  CHECK(stage.status("/about") == 503);
  stage.files.entries["index.html"].open_error = ErrorCode::io;
  CHECK(stage.status("/other") == 500);
}

TEST_CASE("a precompressed file that cannot be looked for now may be there for others") {
  SiteStage stage;
  stage.add_text("x.bin", 2000);
  stage.files.entries["x.bin.br"].content = "smaller";
  stage.files.entries["x.bin.br"].open_error = ErrorCode::unavailable;
  HandlerCall call = stage.get("/x.bin", kBrotli);
  CHECK(call.status() == 200);
  CHECK(call.field("vary") == "accept-encoding");
  stage.files.entries["x.bin.br"].open_error.reset();
  CHECK(stage.get("/x.bin", kBrotli).body() == "smaller");
}

TEST_CASE("fields of a person's own: several of one name, and never the policy of our own pages") {
  SiteStage stage;
  stage.options.listing = true;
  stage.options.headers = {{"link", "</a>"}, {"link", "</b>"}, {"content-security-policy", "x"}};
  HandlerCall file = stage.get("/a.txt");
  CHECK(file.responder.heads[0].headers.count("link") == 2);
  CHECK(file.field("content-security-policy") == "x");
  CHECK(stage.get("/bare/").field("content-security-policy") == listing_policy());
}

TEST_CASE("so many streams are compressed at a time, the next gets identity") {
  SiteStage stage;
  stage.limits.live_encoders.count = 2;
  stage.add_text("huge.txt", stage.limits.compress_whole + 1);
  HandlerCall first = stage.get("/huge.txt", accepting("gzip"));
  HandlerCall second = stage.get("/huge.txt", accepting("gzip"));
  CHECK(second.field("content-encoding") == "gzip");
  CHECK_FALSE(second.responder.body->remaining().has_value());
  HandlerCall third = stage.get("/huge.txt", accepting("gzip"));
  CHECK(third.status() == 200);
  CHECK(third.field("content-encoding").empty());
  CHECK(third.responder.body->remaining() == stage.limits.compress_whole + 1);
  CHECK(stage.get("/huge.txt", accepting("gzip, identity;q=0")).status() == 503);
  second.responder.body.reset();
  CHECK(stage.get("/huge.txt", accepting("gzip")).field("content-encoding") == "gzip");
}

TEST_CASE("what is compressed whole and what as a stream differ by one byte") {
  SiteStage stage;
  stage.limits.compress_whole = 3000;
  stage.add_text("whole.txt", 3000);
  stage.add_text("stream.txt", 3001);
  CHECK(stage.get("/whole.txt", kBrotli).responder.body->remaining().has_value());
  CHECK_FALSE(stage.get("/stream.txt", kBrotli).responder.body->remaining().has_value());
}

TEST_CASE("what is being sent counts, and beyond twice the cache nothing more is kept") {
  SiteStage stage;
  stage.limits.cache_bytes = BufferPool::kSizes[0];  // one result
  for (const char* name : {"a", "b", "c", "d"}) {
    stage.add_text(std::string(name) + ".log", 5000);
  }
  HandlerCall a = stage.get("/a.log", kBrotli);
  HandlerCall b = stage.get("/b.log", kBrotli);
  HandlerCall c = stage.get("/c.log", kBrotli);  // at twice the bytes it is still kept
  CHECK(c.responder.body->remaining().has_value());
  HandlerCall d = stage.get("/d.log", kBrotli);
  CHECK_FALSE(d.responder.body->remaining().has_value());
  a.responder.body.reset();
  CHECK(stage.get("/b.log", kBrotli).responder.body->remaining().has_value());
  b.responder.body.reset();
  c.responder.body.reset();
  CHECK(stage.get("/d.log", kBrotli).responder.body->remaining().has_value());
}

TEST_CASE("a digest is worked out once, and not for a file above the limit") {
  const Fields wants{{"want-repr-digest", "sha-256=1"}};
  SiteStage stage;
  stage.limits.digest_bytes = 100;
  stage.add_text("at.bin", 100);
  stage.add_text("above.bin", 101);
  stage.files.entries["at.bin"].modified_ns = stage.files.entries["above.bin"].modified_ns = 5;
  const std::string digest = stage.get("/at.bin", wants).field("repr-digest");
  CHECK(digest.starts_with("sha-256=:"));
  CHECK(stage.get("/at.bin", wants).field("repr-digest") == digest);
  CHECK(stage.background.posted == 1);
  HandlerCall above = stage.get("/above.bin", wants);
  CHECK(above.status() == 200);
  CHECK(above.field("repr-digest").empty());
  CHECK(stage.background.posted == 1);
}

TEST_CASE("a precompressed file that comes or goes is seen after the next look") {
  SiteStage stage;
  stage.add_text("x.bin", 2000);
  CHECK(stage.get("/x.bin", kBrotli).field("content-encoding").empty());
  stage.files.entries["x.bin.br"].content = "smaller";
  stage.bench.clock.advance(stage.limits.fresh);
  HandlerCall call = stage.get("/x.bin", kBrotli);
  CHECK(call.field("content-encoding") == "br");
  CHECK(call.field("vary") == "accept-encoding");
  CHECK(call.body() == "smaller");
  stage.files.entries.erase("x.bin.br");
  stage.bench.clock.advance(stage.limits.fresh);
  CHECK(stage.get("/x.bin", kBrotli).body() == std::string(2000, 't'));
}

TEST_CASE("a file of this moment has a weak tag and no date to resume by") {
  SiteStage stage;
  auto& entry = stage.files.entries["a.txt"];
  entry.modified = std::chrono::system_clock::to_time_t(stage.bench.clock.wall());
  entry.modified_ns = 5;
  const std::string etag = stage.get("/a.txt").field("etag");
  const std::string date = stage.get("/a.txt").field("last-modified");
  CHECK(etag.starts_with("W/\""));
  CHECK(stage.get("/a.txt", {{"range", "bytes=0-1"}, {"if-range", date}}).status() == 200);
  CHECK(stage.get("/a.txt", {{"range", "bytes=0-1"}}).status() == 206);
  stage.bench.clock.advance(2s + 5ns);
  CHECK("W/" + stage.get("/a.txt").field("etag") == etag);
  CHECK(stage.get("/a.txt", {{"range", "bytes=0-1"}, {"if-range", date}}).status() == 206);
}

TEST_CASE("too many open files are 503 and not a crash") {
  SiteStage stage;
  stage.limits.open_files = 1;
  stage.limits.cache_files = 1;
  stage.add_text("big.bin", 200'000);
  HandlerCall call =
      stage.get("/big.bin");  // precompressed files cannot be opened, and that is no error
  CHECK(call.status() == 200);
  HandlerCall other = stage.get("/a.txt");
  CHECK(other.status() == 503);
  CHECK(other.field("retry-after") == "1");
  call.responder.body.reset();
  call.job.reset();
  CHECK(stage.get("/a.txt").status() == 200);
}

TEST_CASE("an error page of any size is sent with its status") {
  SiteStage stage;
  stage.options.error_pages = {{404, "404.html"}};
  stage.add_text("404.html", 100'000);
  HandlerCall call = stage.get("/absent");
  CHECK(call.status() == 404);
  CHECK(call.field("content-type") == "text/html; charset=utf-8");
  CHECK(call.body().size() == 100'000);
}
