#include "behaviour/memory_stage.h"

#include <stdexcept>

#include "behaviour/socket_stage.h"
#include "client/client.h"
#include "proto/h1/client_session.h"
#include "proto/h1/server_session.h"
#include "proto/h2/client_session.h"
#include "proto/h2/server_session.h"
#include "support/sim_h3.h"

namespace troika::test {
namespace {

// h1 and h2: two sessions and a wire.
class ByteStage final : public Stage {
 public:
  ByteStage(bool h2, ScriptedHandler::Answer answer) : h2_(h2), bench_(h2 ? "h2" : "http/1.1") {
    bench_.handler.answer = std::move(answer);
  }

  using Stage::ask;
  std::vector<Reply> ask(const std::vector<Ask>& asks) override {
    std::vector<Reply> replies;
    if (!h2_) {
      for (const Ask& one : asks) replies.push_back(run({one}).front());
      return replies;
    }
    return run(asks);
  }

  std::string close() override {
    if (pair_) end_pair();
    if (bench_.pool.outstanding() == 0 && client_pool_.outstanding() == 0) return "";
    return std::format("{} + {} bytes", bench_.pool.outstanding(), client_pool_.outstanding());
  }
  const std::vector<RecordingObserver::Entry>& summaries() const override {
    return bench_.observer.entries;
  }

 private:
  struct Pair {
    std::unique_ptr<ByteSession> server;
    std::unique_ptr<ClientByteSession> client;
    Wire wire;
  };

  void connect() {
    if (pair_ && !pair_->client->draining() && !pair_->client->interest().finished) return;
    if (pair_) end_pair();
    auto server = h2_ ? h2::make_session(bench_.services, bench_.peer, bench_.host)
                      : h1::make_session(bench_.services, bench_.peer, bench_.host);
    auto client = h2_ ? h2::make_client_session(client_pool_, bench_.limits, bench_.client_host)
                      : h1::make_client_session(client_pool_, bench_.limits, bench_.client_host);
    ByteSession& s = *server;
    ByteSession& c = *client;
    pair_.reset(
        new Pair{std::move(server), std::move(client), Wire(bench_.pool, bench_.clock, c, s)});
  }
  void end_pair() {
    pair_->client->abort(AbortReason::none);
    pair_->server->abort(AbortReason::none);
    pair_.reset();
  }

  std::vector<Reply> run(const std::vector<Ask>& asks) {
    connect();
    std::vector<std::unique_ptr<client::Fetch>> fetches;
    for (const Ask& one : asks) {
      fetches.push_back(std::make_unique<client::Fetch>(
          *pair_->client, request_of(one), one.body ? one.body(client_pool_) : nullptr));
    }
    const auto done = [&] {
      return std::ranges::all_of(fetches, [](const auto& f) { return f->done(); });
    };
    bool ended = false;
    for (int idle = 0; !done() && idle < 3;) {
      const bool moved = pair_->wire.turn();
      for (const auto& fetch : fetches) fetch->pump();
      idle = moved ? 0 : idle + 1;
      // What a transport would do with a session that is finished.
      if (!moved && pair_->server->interest().finished && !std::exchange(ended, true)) {
        pair_->client->receive_end(bench_.clock.now());
        idle = 0;
      }
    }
    std::vector<Reply> replies;
    for (const auto& fetch : fetches) replies.push_back(reply_of(*fetch));
    fetches.clear();
    pair_->wire.run();
    return replies;
  }

  bool h2_;
  Bench bench_;
  BufferPool client_pool_;
  std::unique_ptr<Pair> pair_;
};

class H3Stage final : public Stage {
 public:
  explicit H3Stage(ScriptedHandler::Answer answer) : sim_(1) {
    sim_.handler.answer = std::move(answer);
    if (!sim_.handshake()) throw std::runtime_error("no handshake");
  }

  using Stage::ask;
  std::vector<Reply> ask(const std::vector<Ask>& asks) override {
    for (const Ask& one : asks) {
      sim_.fetch(request_of(one), one.body ? one.body(sim_.client_pool) : nullptr);
    }
    if (!sim_.run_until([&] { return sim_.all_done(); })) throw std::runtime_error("no answer");
    std::vector<Reply> replies;
    for (const auto& fetch : sim_.fetches) replies.push_back(reply_of(*fetch));
    sim_.fetches.clear();
    sim_.world.run_for(std::chrono::seconds(1));
    return replies;
  }
  std::string close() override { return sim_.close(); }
  const std::vector<RecordingObserver::Entry>& summaries() const override {
    return sim_.observer.entries;
  }

 private:
  SimH3 sim_;
};

}  // namespace

std::unique_ptr<Stage> make_memory_stage(Wire3 protocol, ScriptedHandler::Answer answer) {
  if (protocol == Wire3::h3) return std::make_unique<H3Stage>(std::move(answer));
  return std::make_unique<ByteStage>(protocol == Wire3::h2, std::move(answer));
}

}  // namespace troika::test
