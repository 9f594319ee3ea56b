// A compressed body on the real thread pool.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <future>
#include <optional>

#include "handlers/compress/compress_body.h"
#include "loop/background.h"
#include "support/body_text.h"
#include "unit/handlers/compress/decoders.h"
#include "unit/handlers/compress/samples.h"

using namespace troika;
using namespace troika::test;

namespace {

struct Rig {
  std::unique_ptr<BodySource> body(std::unique_ptr<Encoder> encoder, std::size_t size) {
    return compress_body(*background, pool, std::make_unique<PatternBody>(pool, size),
                         std::move(encoder));
  }
  bool run_until(std::move_only_function<bool()> done) {
    return loop.run_until(std::move(done), std::chrono::seconds(60));
  }

  BufferPool pool;
  Loop loop;
  std::optional<UvBackground> background{std::in_place, loop, 2};
};

// Waits in write() until the gate is opened.
struct Gate {
  std::promise<void> begun, open;
  bool freed = false;
};
class HeldEncoder final : public Encoder {
 public:
  explicit HeldEncoder(Gate& gate) : gate_(gate) {}
  HeldEncoder(const HeldEncoder&) = delete;
  HeldEncoder& operator=(const HeldEncoder&) = delete;
  ~HeldEncoder() override { gate_.freed = true; }
  Status write(std::span<const std::byte> bytes, bool, const Sink& sink) override {
    gate_.begun.set_value();
    gate_.open.get_future().wait();
    sink(bytes);
    return {};
  }

 private:
  Gate& gate_;
};

}  // namespace

TEST_CASE("bodies that share a thread pool are compressed side by side, each one in order") {
  constexpr std::size_t kSize = 3U << 20U;
  Rig rig;
  struct Reader {
    std::unique_ptr<BodySource> body;
    Coding coding;
    CountingWaker waker{};
    std::string bytes{};
    bool ended = false;
  };
  std::vector<std::unique_ptr<Reader>> readers;
  for (const Coding coding : {Coding::br, Coding::zstd, Coding::gzip, Coding::br, Coding::zstd}) {
    readers.push_back(
        std::make_unique<Reader>(rig.body(make_encoder(coding, Effort::stream), kSize), coding));
    readers.back()->body->set_waker(&readers.back()->waker);
    readers.back()->waker.woken = 1;
  }
  CHECK(rig.run_until([&] {
    for (const auto& reader : readers) {
      if (std::exchange(reader->waker.woken, 0) == 0) continue;
      const ReadState state = read_body(*reader->body, reader->bytes);
      REQUIRE(state != ReadState::error);
      reader->ended = state == ReadState::end;
    }
    return std::ranges::all_of(readers, &Reader::ended);
  }));
  for (const auto& reader : readers) {
    const bool same = decode(reader->coding, reader->bytes) == pattern(kSize);
    CHECK(same);
  }
  readers.clear();
  CHECK(rig.pool.outstanding() == 0);
}

TEST_CASE("a body whose step runs on the pool may be stopped and destroyed") {
  Rig rig;
  Gate gate;
  CountingWaker waker;
  auto body = rig.body(std::make_unique<HeldEncoder>(gate), 100'000);
  body->set_waker(&waker);
  REQUIRE(body->pull(kMaxPull)->state == PullState::blocked);
  REQUIRE(gate.begun.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  body->stop(AbortReason::peer_reset);
  SECTION("stopped only") {}
  SECTION("destroyed") { body.reset(); }
  SECTION("its background is gone before it") { rig.background.reset(); }
  CHECK_FALSE(gate.freed);
  CHECK(rig.pool.outstanding() > 0);  // the input, of which the pool still reads
  gate.open.set_value();
  CHECK(rig.run_until([&] { return gate.freed; }));
  CHECK(rig.pool.outstanding() == 0);
  CHECK(waker.woken == 0);
}
