// What waits for the thread pool: how much, for whom, how long, and what is sent without it.
#include "handlers/files/admission.h"

#include <catch2/catch_test_macros.hpp>

#include "base/text.h"
#include "site_stage.h"

using namespace troika;
using namespace troika::test;

namespace {

using namespace std::chrono_literals;

const Fields kBrotli = accepting("br");
const Fields kDigest{{"want-repr-digest", "sha-256=1"}};

std::string file(int number) { return formatted("f{}.txt", number); }

// With files that are worth coding, a pool that never runs by itself, and several connections.
struct BusyStage : SiteStage {
  explicit BusyStage(std::size_t size = 5000) {
    for (int i = 0; i < 40; ++i) {
      add_text(file(i), size);
      files.entries[file(i)].modified_ns = 5;
      files.entries[file(i)].inode = static_cast<ino_t>(100 + i);
    }
    background.later = hashing.later = true;
  }
  ~BusyStage() {
    while (background.waiting() > 0) background.complete();
    while (hashing.waiting() > 0) hashing.complete();
  }
  HandlerCall ask_from(const PeerInfo& peer, std::string_view method, std::string_view raw,
                       Fields fields) {
    Request request = request_for(method, raw);
    for (const auto& [name, value] : fields) request.headers.add(name, value);
    return {bench, served(), std::move(request), &peer};
  }
  // Each from a connection of its own.
  HandlerCall from(int peer, std::string_view raw, Fields fields) {
    return ask_from(peers.at(static_cast<std::size_t>(peer)), "GET", raw, std::move(fields));
  }

  std::array<PeerInfo, 40> peers;
};

}  // namespace

TEST_CASE("a quota refuses one above its count, its bytes and the share of one connection") {
  const auto admission =
      make_ref<Admission>(Quota{.count = 4, .count_each = 2, .bytes = 100, .bytes_each = 30});
  const int a = 0, b = 0, c = 0;
  {
    CHECK(admission->admits(&a, 100));
    CHECK_FALSE(admission->admits(&a, 101));
    const Permit first(admission, &a, 20);
    CHECK(admission->admits(&a, 80));  // the second, of any size
    const Permit second(admission, &a, 9);
    CHECK(admission->admits(&a, 1));  // 30 bytes together
    CHECK_FALSE(admission->admits(&a, 2));
    CHECK(admission->admits(&b, 71));
    CHECK_FALSE(admission->admits(&b, 72));
    const Permit third(admission, &b, 10);
    CHECK(admission->admits(&c));
    const Permit fourth(admission, &c, 10);
    CHECK_FALSE(admission->admits(&c));
    CHECK(admission->counters().permits == 4);
    CHECK(admission->counters().full == 3);
    CHECK(admission->counters().unfair == 1);
  }
  CHECK(admission->admits(&a, 100));
}

TEST_CASE("so many files wait to be compressed, of the next identity is sent at once") {
  BusyStage stage;
  stage.limits.coding.count = 3;
  std::vector<std::unique_ptr<HandlerCall>> waiting;
  for (int i = 0; i < 3; ++i) {
    Request request = request_for("GET", "/" + file(i));
    request.headers.add("accept-encoding", "br");
    waiting.push_back(std::make_unique<HandlerCall>(stage.bench, stage.served(), std::move(request),
                                                    &stage.peers[static_cast<std::size_t>(i)]));
    CHECK(waiting.back()->responder.heads.empty());
  }
  HandlerCall joined = stage.from(5, "/" + file(0), kBrotli);  // is under way already
  CHECK(joined.responder.heads.empty());
  HandlerCall next = stage.from(6, "/" + file(3), kBrotli);
  CHECK(next.status() == 200);
  CHECK(next.field("content-encoding").empty());
  CHECK(next.field("vary") == "accept-encoding");
  CHECK(next.body().size() == 5000);
  HandlerCall strict = stage.from(6, "/" + file(3), accepting("br, identity;q=0"));
  CHECK(strict.field("content-encoding") == "br");  // as a stream
  CHECK_FALSE(strict.responder.body->remaining().has_value());
  CHECK(stage.background.posted == 3);
  stage.background.complete();
  CHECK(joined.field("content-encoding") == "br");
  HandlerCall later = stage.from(6, "/" + file(3), kBrotli);
  CHECK(later.responder.heads.empty());
}

TEST_CASE("one connection has two large files in the queue, or small ones up to a size") {
  for (const auto& [size, most] : {std::pair{700'000U, 2}, std::pair{30'000U, 34}}) {
    CAPTURE(size);
    BusyStage stage(size);
    std::vector<std::unique_ptr<HandlerCall>> waiting;
    for (int i = 0; i <= most; ++i) {
      Request request = request_for("GET", "/" + file(i));
      request.headers.add("accept-encoding", "br");
      waiting.push_back(
          std::make_unique<HandlerCall>(stage.bench, stage.served(), std::move(request)));
      CHECK(waiting.back()->responder.heads.empty() == (i < most));
    }
    CHECK(waiting.back()->field("content-encoding").empty());
    CHECK(stage.background.posted == most);
    HandlerCall other = stage.from(1, "/" + file(39), kBrotli);
    CHECK(other.responder.heads.empty());
  }
}

TEST_CASE("who has waited for its turn for long gets identity, and the file is compressed anyway") {
  BusyStage stage;
  HandlerCall call = stage.from(1, "/" + file(0), kBrotli);
  stage.pass(stage.limits.patience - 1ns);
  CHECK(call.responder.heads.empty());
  stage.pass(1ns);
  CHECK(call.status() == 200);
  CHECK(call.field("content-encoding").empty());
  CHECK(call.field("vary") == "accept-encoding");
  CHECK(call.body().size() == 5000);
  call.job.reset();
  call.responder.body.reset();
  stage.background.complete();
  CHECK(stage.from(2, "/" + file(0), kBrotli).field("content-encoding") == "br");
  CHECK(stage.background.posted == 1);
}

TEST_CASE("work that has begun is waited for") {
  BusyStage stage;
  HandlerCall call = stage.from(1, "/" + file(0), kBrotli);
  HandlerCall digest = stage.from(2, "/" + file(1), kDigest);
  stage.background.begin();
  stage.pass(10 * stage.limits.patience);
  CHECK(call.responder.heads.empty());
  CHECK(digest.status() == 200);  // its turn had not come
  CHECK(digest.field("repr-digest").empty());
  stage.background.end();
  CHECK(call.field("content-encoding") == "br");
  stage.background.complete();
  CHECK(stage.from(2, "/" + file(1), kDigest).field("repr-digest").starts_with("sha-256=:"));
}

TEST_CASE("a tag that is for now only is not kept") {
  BusyStage stage;
  HandlerCall call = stage.from(1, "/a.txt", {});
  stage.files.later = true;
  stage.pass(stage.limits.patience);
  CHECK(call.responder.heads.empty());  // its body is read
  stage.hashing.complete();
  stage.files.complete();
  CHECK(call.field("etag").starts_with("W/\""));
  stage.files.later = false;
  CHECK(stage.get("/a.txt").field("etag").starts_with("\""));
}

TEST_CASE("nothing is compressed for HEAD, and what is known is said") {
  BusyStage stage;
  stage.add_text("huge.txt", stage.limits.compress_whole + 1);
  for (const char* const raw : {"/f0.txt", "/huge.txt"}) {
    CAPTURE(raw);
    HandlerCall head = stage.ask("HEAD", raw, kBrotli);
    CHECK(head.status() == 200);
    CHECK(head.field("content-encoding") == "br");
    CHECK(head.field("vary") == "accept-encoding");
    CHECK(head.field("etag").ends_with("+br\""));
    CHECK_FALSE(head.responder.body->remaining().has_value());
  }
  CHECK(stage.background.posted == 0);
  HandlerCall get = stage.get("/f0.txt", kBrotli);
  stage.background.complete();
  CHECK(stage.ask("HEAD", "/f0.txt", kBrotli).responder.body->remaining() ==
        get.responder.body->remaining());
}

TEST_CASE("no digest is worked out for HEAD, and the known one is said") {
  BusyStage stage;
  CHECK(stage.ask("HEAD", "/f0.txt", kDigest).field("repr-digest").empty());
  CHECK(stage.background.posted == 0);
  HandlerCall get = stage.get("/f0.txt", kDigest);
  stage.background.complete();
  CHECK(get.field("repr-digest").starts_with("sha-256=:"));
  CHECK(stage.ask("HEAD", "/f0.txt", kDigest).field("repr-digest") == get.field("repr-digest"));
}

TEST_CASE("so many large files wait to be hashed, of the next there is no digest") {
  BusyStage stage;
  stage.limits.digests.count = 2;
  HandlerCall first = stage.from(1, "/f1.txt", kDigest);
  HandlerCall second = stage.from(2, "/f2.txt", kDigest);
  HandlerCall third = stage.from(3, "/f3.txt", kDigest);
  CHECK(second.responder.heads.empty());
  CHECK(third.status() == 200);
  CHECK(third.field("repr-digest").empty());
  while (stage.background.waiting() > 0) stage.background.complete();
  CHECK(second.field("repr-digest").starts_with("sha-256=:"));
}

TEST_CASE("a file under many names is compressed and hashed once, at the same time and later") {
  BusyStage stage;
  for (int i = 0; i < 40; ++i) {
    stage.files.entries[file(i)].device = 7;
    stage.files.entries[file(i)].inode = 7;
  }
  std::vector<std::unique_ptr<HandlerCall>> waiting;
  for (int i = 0; i < 20; ++i) {
    Request request = request_for("GET", "/" + file(i));
    request.headers.add(i % 2 == 0 ? "accept-encoding" : "want-repr-digest",
                        i % 2 == 0 ? "br" : "sha-256=1");
    waiting.push_back(
        std::make_unique<HandlerCall>(stage.bench, stage.served(), std::move(request)));
    CHECK(waiting.back()->responder.heads.empty());
  }
  CHECK(stage.background.posted == 2);
  while (stage.background.waiting() > 0) stage.background.complete();
  for (const auto& call : waiting) CHECK(call->status() == 200);
  waiting.clear();
  stage.pass(stage.limits.idle);
  CHECK(stage.get("/f30.txt", kBrotli).field("content-encoding") == "br");
  CHECK_FALSE(stage.get("/f31.txt", kDigest).field("repr-digest").empty());
  CHECK(stage.background.posted == 2);
}

TEST_CASE("a digest outlives the results that are kept with files") {
  BusyStage stage;
  stage.background.later = false;
  stage.limits.cache_files = 1;
  const std::string sum = stage.get("/f0.txt", kDigest).field("repr-digest");
  for (int i = 1; i < 5; ++i) stage.get("/" + file(i), kDigest);
  CHECK(stage.background.posted == 5);
  CHECK(stage.get("/f0.txt", kDigest).field("repr-digest") == sum);
  CHECK(stage.background.posted == 5);
}

TEST_CASE("a listing is made once for all who ask within a second") {
  BusyStage stage;
  stage.options.listing = true;
  HandlerCall first = stage.from(1, "/bare/", {});
  HandlerCall second = stage.from(2, "/bare/", {});
  HandlerCall other = stage.from(3, "/bare/?order=desc", {});
  CHECK(stage.background.posted == 2);
  CHECK(second.responder.heads.empty());
  stage.background.complete();
  stage.background.complete();
  const std::string text = first.body();
  CHECK(second.body() == text);
  CHECK(other.body() != text);
  stage.pass(stage.limits.listing_fresh - 1ns);
  CHECK(stage.from(4, "/bare/", {}).body() == text);
  CHECK(stage.background.posted == 2);
  stage.pass(1ns);
  HandlerCall again = stage.from(4, "/bare/", {});
  CHECK(stage.background.posted == 3);
}

TEST_CASE("a folder that has changed is listed again at once") {
  SiteStage stage;
  stage.options.listing = true;
  const std::string before = stage.get("/bare/").body();
  stage.files.entries["bare/new"].content = "x";
  stage.files.entries["bare"].modified += 1;
  stage.pass(stage.limits.fresh);
  CHECK(stage.get("/bare/").body() != before);
}

TEST_CASE("so many listings wait to be made, and so many of one connection; the next is 503") {
  BusyStage stage;
  stage.options.listing = true;
  stage.limits.listings_made = {.count = 3, .count_each = 2};
  HandlerCall first = stage.from(1, "/bare/?page=1", {});
  HandlerCall second = stage.from(1, "/bare/?page=2", {});
  HandlerCall unfair = stage.from(1, "/bare/?page=3", {});
  CHECK(second.responder.heads.empty());
  CHECK(unfair.status() == 503);
  CHECK(unfair.field("retry-after") == "1");
  HandlerCall third = stage.from(2, "/bare/?page=3", {});
  CHECK(third.responder.heads.empty());
  CHECK(stage.from(3, "/bare/?page=4", {}).status() == 503);
  CHECK(stage.from(3, "/bare/?page=3", {}).responder.heads.empty());
}

TEST_CASE("so many listings are kept") {
  SiteStage stage;
  stage.options.listing = true;
  stage.limits.listings_kept = 2;
  for (const int page : {1, 2, 1, 2}) stage.get(formatted("/bare/?page={}", page));
  CHECK(stage.background.posted == 2);
  stage.get("/bare/?page=3");
  stage.get("/bare/?page=2");
  CHECK(stage.background.posted == 3);
  stage.get("/bare/?page=1");
  CHECK(stage.background.posted == 4);
}

TEST_CASE("HEAD of a folder makes no listing, but says what GET would") {
  BusyStage stage;
  stage.options.listing = true;
  stage.files.entries["shut"].mode = S_IFDIR | 0711U;
  stage.files.entries["shut"].read_error = ErrorCode::denied;
  stage.background.later = false;
  HandlerCall head = stage.ask("HEAD", "/bare/");
  CHECK(head.status() == 200);
  CHECK_FALSE(head.responder.body->remaining().has_value());
  CHECK(stage.background.posted == 0);
  HandlerCall get = stage.get("/bare/");
  CHECK(get.field("vary") == head.field("vary"));
  CHECK(get.field("content-type") == head.field("content-type"));
  CHECK(stage.ask("HEAD", "/bare/").responder.body->remaining() == get.responder.body->remaining());
  CHECK(stage.status("/shut/", "HEAD") == stage.status("/shut/"));
}

TEST_CASE("a large file is hashed in steps, so that others have their turn") {
  BusyStage stage;
  stage.add_text("huge.bin", (9U << 20U));
  HandlerCall call = stage.get("/huge.bin", kDigest);
  stage.background.complete();
  stage.background.complete();
  CHECK(call.responder.heads.empty());
  stage.background.complete();
  CHECK(call.field("repr-digest").starts_with("sha-256=:"));
  CHECK(stage.background.posted == 3);
}
