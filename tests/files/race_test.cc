// Folders and files that become links out of the root, and files again, while they are asked for.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <map>
#include <thread>

#include "base/text.h"
#include "files/canary.h"
#include "files/ground.h"
#include "support/sanitized.h"

using namespace troika;
using namespace troika::files;
using parity::Answer;
using parity::Ask;

namespace {

constexpr std::size_t kRequests = test::kSanitized ? 10'000 : 100'000;
constexpr int kNames = 2000;  // far more than are kept open, so that each is opened each time
constexpr std::size_t kTogether = 50;
constexpr std::string_view kInsideText = "inside\n";

// Both sides have the same names:
//   swap/                a folder, exchanged with "swap-out" -> ../outside/swap
//   deep/                a folder, exchanged with "deep-out" -> ../outside/deep
//   via -> deep/../swap  so that a walk goes up through what is exchanged
//   one.txt              a file, exchanged with "one-out.txt" -> ../outside/one.txt
//   turn.txt             now a file, now a link to ../outside/one.txt: renamed over
class RaceSite {
 public:
  RaceSite() {
    for (int i = 0; i < kNames; ++i) {
      write(formatted("swap/{}.txt", i), kInsideText);
      write(formatted("../outside/swap/{}.txt", i), canary.text());
      // Half of those inside have precompressed files to be found outside, or inside too.
      if (i % 2 == 0) write(formatted("../outside/swap/{}.txt.br", i), canary.text());
      if (i % 4 == 0) write(formatted("swap/{}.txt.br", i), kInsideText);
    }
    write("deep/x.txt", kInsideText);
    write("../outside/deep/x.txt", canary.text());
    write("one.txt", kInsideText);
    write("../outside/one.txt", canary.text());
    ground.link("swap-out", "../outside/swap");
    ground.link("deep-out", "../outside/deep");
    ground.link("one-out.txt", "../outside/one.txt");
    ground.link("via", "deep/../swap");
  }

  Ground ground;
  Canary canary;

 private:
  // All of the same time, so that each precompressed file counts.
  void write(const std::string& name, std::string_view bytes) const {
    ground.write(name, bytes);
    ground.set_day(name, 0);
  }
};

// Exchanges on a thread of its own, for as long as it lives.
class Swapper {
 public:
  explicit Swapper(const Ground& ground)
      : root_(::open(ground.root().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
        thread_([this] { run(); }) {}
  Swapper(const Swapper&) = delete;
  Swapper& operator=(const Swapper&) = delete;
  ~Swapper() {
    stop();
    ::close(root_);
  }
  void stop() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::uint64_t swaps() const noexcept { return swaps_; }
  int error() const noexcept { return error_; }

 private:
  void exchange(const char* a, const char* b) {
    const int result = ::renameat2(root_, a, root_, b, RENAME_EXCHANGE);
    note(result);
  }
  void turn(bool out) {
    ::unlinkat(root_, "turn-next", 0);
    note(out ? ::symlinkat("../outside/one.txt", root_, "turn-next")
             : ::linkat(root_, "swap-turn.txt", root_, "turn-next", 0));
    note(::renameat(root_, "turn-next", root_, "turn.txt"));
  }
  void note(int result) {
    if (result != 0) error_ = errno;
    if (result == 0) ++swaps_;
  }
  void run() {
    for (unsigned i = 0; !over_; ++i) {
      exchange("swap", "swap-out");
      if (i % 3 == 0) exchange("deep", "deep-out");
      if (i % 5 == 0) exchange("one.txt", "one-out.txt");
      if (i % 7 == 0) turn(i % 2 == 0);
    }
  }

  int root_;
  std::atomic<bool> over_ = false;
  std::atomic<std::uint64_t> swaps_ = 0;
  std::atomic<int> error_ = 0;
  std::thread thread_;
};

Ask nth_ask(std::size_t n) {
  const std::size_t name = n % kNames;
  Ask ask;
  switch (n % 5) {
    case 0:
    case 1: ask.target = formatted("/swap/{}.txt", name); break;
    case 2: ask.target = formatted("/swap-out/{}.txt", name); break;
    case 3: ask.target = formatted("/via/{}.txt", name); break;
    default: {
      constexpr std::array kFew{"/one.txt",    "/turn.txt",       "/one-out.txt",
                                "/deep/x.txt", "/deep-out/x.txt", "/via/../deep/x.txt",
                                "/swap/",      "/swap-out"};
      ask.target = kFew.at(n / 5 % kFew.size());
    }
  }
  if (n / 5 % 2 == 0) ask.fields = {{"accept-encoding", "br"}};
  return ask;
}

struct Seen {
  std::map<std::uint16_t, std::size_t> statuses{};
  std::string wrong{};  // the first that is
};

void look_at(const Ask& ask, const Answer& answer, const Canary& canary, Seen& seen) {
  ++seen.statuses[answer.status];
  std::string wrong;
  if (const std::string where = canary.seen_in(answer); !where.empty()) {
    wrong = "a canary in " + where;
  } else if (!answer.failure.empty()) {
    wrong = answer.failure;
  } else if (answer.status == 200 && answer.body != kInsideText) {
    wrong = "another body: " + answer.body;
  } else if (answer.status != 200 && answer.status != 404 && answer.status != 503 &&
             !(answer.status == 308 && ask.target == "/swap-out")) {
    wrong = formatted("status {}", answer.status);
  }
  if (!wrong.empty() && seen.wrong.empty()) seen.wrong = ask.target + ": " + wrong;
}

}  // namespace

TEST_CASE("Folders and files that turn into links out while they are opened are never followed") {
  const RaceSite site;
  site.ground.write("swap-turn.txt", kInsideText);
  const auto server = serve(site.ground.root(), {}, 100);  // 50 are kept
  test::LiveClient client;
  std::vector<std::unique_ptr<parity::Asker>> askers;
  for (const auto& [protocol, over] : kProtocols) {
    askers.push_back(make_asker(*client, *server, protocol));
  }
  Seen seen;
  Swapper swapper(site.ground);
  for (std::size_t sent = 0, turn = 0; sent < kRequests && seen.wrong.empty(); ++turn) {
    // h1, one at a time, takes a tenth.
    const std::size_t protocol = turn % 10 == 0 ? 0 : 1 + turn % 2;
    std::vector<Ask> asks;
    for (std::size_t i = 0; i < kTogether; ++i) asks.push_back(nth_ask(sent++));
    const std::vector<Answer> answers = askers[protocol]->ask(asks);
    for (std::size_t i = 0; i < asks.size(); ++i) {
      look_at(asks[i], answers.at(i), site.canary, seen);
    }
  }
  swapper.stop();
  std::string counts;
  for (const auto [status, count] : seen.statuses) counts += formatted(" {}: {}", status, count);
  INFO(formatted("{} swaps; answers by status:{}", swapper.swaps(), counts));
  CHECK(seen.wrong == "");
  CHECK(swapper.error() == 0);
  CHECK(swapper.swaps() > 1000);
  CHECK(seen.statuses[200] > kRequests / 100);
  CHECK(seen.statuses[404] > kRequests / 100);
  CHECK(seen.statuses[503] < kRequests / 2);
}
