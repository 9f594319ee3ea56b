// Bytes to an h1 server session, whole and in pieces. What comes of them must not depend on the
// pieces, every answer must hold for a strict reader, and nothing may be left behind. The first
// byte of the input seeds the pieces.
#include <cstdint>
#include <string>

#include "base/random.h"
#include "base/text.h"
#include "fuzz/cases.h"
#include "support/h1_harness.h"

namespace {

using namespace troika;
using namespace troika::test;
using fuzz::require;

ScriptedHandler::Answer answers(int& jobs) {
  return [&jobs](RequestContext context, Responder& responder) {
    if (context.request.target.path.starts_with("/echo")) return echo(jobs)(context, responder);
    (void)responder.respond({}, body_of(context.services.pool, "hello"));
    return std::unique_ptr<Job>();
  };
}

// piece(left): how many bytes come next.
template <class Piece>
std::string outcome(std::string_view bytes, Piece piece) {
  H1Server server;
  int jobs = 0;
  server.bench.handler.answer = answers(jobs);
  while (!bytes.empty()) {
    const std::size_t n = piece(bytes.size());
    server.receive(bytes.substr(0, n));
    bytes.remove_prefix(n);
  }
  std::string text = server.take();
  text += server.end();
  require(server.finished(), "a session ends with its input");
  const bool broken = server.interest().broken;
  server.close();
  require(jobs == 0, "no job outlives its connection");
  require(server.bench.pool.outstanding() == 0, "no buffer outlives its connection");

  std::vector<bool> heads;
  std::string seen;
  for (const auto& entry : server.log()) {
    heads.push_back(entry.method == "HEAD");
    seen += formatted("{} {} {} {} {}\n", entry.method, entry.target, entry.authority, entry.status,
                      name_of(entry.aborted));
  }
  const H1ResponseReader reader(text, std::move(heads), !broken);
  require(reader.error.empty(), "answers are well-formed");
  std::size_t finals = 0;
  for (const H1Response& r : reader.responses) {
    finals += r.status >= 200 ? 1U : 0U;
    require(r.complete || (broken && &r == &reader.responses.back()), "answers are whole");
    require(!r.closes() || &r == &reader.responses.back(), "the answer that closes is the last");
    seen += formatted("{} {} {}\n", r.status, r.closes(), r.body);
  }
  require(finals <= server.log().size(), "one exchange for each answer");
  require(broken || finals == server.log().size(), "one answer for each exchange");
  return seen + (broken ? "broken" : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  SeededRandom random(data[0]);
  const std::string whole = outcome(bytes, [](std::size_t left) { return left; });
  const auto few = [&](std::size_t left) { return 1 + random.below(left); };
  require(outcome(bytes, few) == whole, "pieces make no difference");
  require(outcome(bytes, [](std::size_t) { return std::size_t{1}; }) == whole,
          "single bytes make no difference");
  return 0;
}
