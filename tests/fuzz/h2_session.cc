// Client frames against a server session, with splits, flushes, deadlines and bodies from the
// input. Whatever comes: nothing leaks, every exchange gives one summary, the output stays bounded,
// and a session that says it is finished stays so.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/random.h"
#include "fuzz/cases.h"
#include "proto/h2/server_session.h"
#include "support/session_harness.h"

namespace {

using namespace troika;
using fuzz::Input, fuzz::require;

// Gives, blocks, fails and ends as the seed says.
class RandomBody final : public BodySource {
 public:
  RandomBody(BufferPool& pool, std::uint64_t seed) : pool_(pool), random_(seed) {}
  Result<Pulled> pull(std::size_t max_bytes) override {
    const std::uint64_t what = random_.below(8);
    if (what == 0) return Pulled{PullState::end, {}};
    if (what == 1) return fail(ErrorCode::io, "random");
    if (what == 2) return Pulled{PullState::blocked, {}};  // for good: only time ends it
    const std::size_t size = 1 + random_.below(std::min<std::size_t>(max_bytes, 20'000));
    return Pulled{PullState::data, pool_.copy(test::pattern(size))};
  }
  void set_waker(Waker*) noexcept override {}

 private:
  BufferPool& pool_;
  SeededRandom random_;
};

struct World : test::Bench {
  World() : out(pool) {
    limits.concurrent_streams = 8;
    limits.h2_outbound_frames = 200;
    handler.answer = [this](RequestContext context, Responder& responder) {
      return answer(context, responder);
    };
    session = h2::make_session(services, peer, host);
  }

  std::unique_ptr<Job> answer(RequestContext context, Responder& responder) {
    const std::string& path = context.request.target.path;
    const std::size_t choice = path.size() % 5;
    if (choice == 0) responder.abort(AbortReason::handler_failed);
    if (choice == 1) std::ignore = responder.respond({}, nullptr);
    if (choice == 2) {
      std::ignore =
          responder.respond({}, std::make_unique<test::PatternBody>(pool, 40'000 * path.size()));
    }
    if (choice == 3)
      std::ignore = responder.respond({}, std::make_unique<RandomBody>(pool, path.size()));
    std::ignore = context.body.pull(1000);
    if (choice < 2) return nullptr;
    return std::make_unique<test::CountedJob>(jobs);
  }

  void flush(std::size_t take) {
    std::ignore = session->produce(out, kHigh, clock.now());
    require(out.size() < kHigh + 70'000);
    while (!out.empty() && take > 0) {
      const std::size_t n = out.take(take).size();
      take -= n;
      session->on_written(n, clock.now());
    }
  }

  static constexpr std::size_t kHigh = 65'536;
  OutputQueue out;
  int jobs = 0;
  std::unique_ptr<ByteSession> session;
};

void step(World& world, Input& input) {
  const unsigned op = input.byte();
  switch (op % 8) {
    case 0:
    case 1:
    case 2: std::ignore = world.session->receive(input.bytes(op), world.clock.now()); break;
    case 3: std::ignore = world.session->receive(input.bytes(16'384), world.clock.now()); break;
    case 4: world.flush(1U << 20U); break;
    case 5: world.flush(std::size_t{op} * 16); break;
    case 6:
      world.clock.advance(std::chrono::seconds(op / 16));
      if (world.session->deadline() <= world.clock.now()) {
        world.session->on_deadline(world.clock.now());
      }
      break;
    case 7:
      if (op > 128) world.session->drain();
      break;
    default: break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World world;
  Input input(data, size);
  // Most inputs are worth more behind a preface; an odd first byte leaves it to the input.
  if (input.byte() % 2 == 0) {
    std::ignore = world.session->receive(
        test::bytes_of(std::string_view("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33)),
        world.clock.now());
  }
  bool finished = false;
  while (!input.empty()) {
    step(world, input);
    require(!finished || world.session->interest().finished);
    finished = world.session->interest().finished;
    require(world.session->deadline() == kNever || !finished);
  }
  for (int i = 0; i < 100; ++i) world.flush(1U << 20U);
  world.session->abort(AbortReason::peer_gone);
  require(world.jobs == 0);
  require(world.observer.entries.size() >= static_cast<std::size_t>(world.handler.started));
  world.session.reset();
  world.out.clear();
  require(world.pool.outstanding() == 0);
  return 0;
}
