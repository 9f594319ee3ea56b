#include "behaviour/socket_stage.h"

#include <stdexcept>

#include "client/client.h"
#include "support/live_server.h"

namespace troika::test {
namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

class SocketStage final : public Stage {
 public:
  SocketStage(Wire3 protocol, ScriptedHandler::Answer answer)
      : protocol_(protocol),
        server_([answer = std::move(answer)](Loop&, BufferPool&) {
          auto handler = std::make_unique<ScriptedHandler>();
          handler->answer = answer;
          return Site{.handler = std::move(handler)};
        }),
        client_(must(client::Client::make({test_certificate().ca_file}))) {}

  using Stage::ask;
  std::vector<Reply> ask(const std::vector<Ask>& asks) override {
    if (protocol_ == Wire3::h1) {
      std::vector<Reply> replies;
      for (const Ask& one : asks) replies.push_back(ask_on_h1(one));
      return replies;
    }
    std::vector<client::Fetch*> fetches;
    for (const Ask& one : asks) fetches.push_back(&begin(one));
    wait_for([&] {
      return std::ranges::all_of(fetches, [](const client::Fetch* f) { return f->done(); });
    });
    std::vector<Reply> replies;
    for (client::Fetch* fetch : fetches) {
      replies.push_back(reply_of(*fetch));
      client_->drop(*fetch);
    }
    return replies;
  }

  std::string close() override {
    if (connection_ != nullptr) client_->drop(*connection_);
    connection_ = nullptr;
    const std::size_t held = client_->pool().outstanding();
    std::string left = server_.drain();
    if (held != 0) left += std::format(" client: {} bytes", held);
    return left;
  }
  const std::vector<RecordingObserver::Entry>& summaries() const override {
    return server_.observer.entries;
  }

 private:
  void wait_for(std::move_only_function<bool()> done) {
    if (!client_->run_until(std::move(done), kPatience))
      throw std::runtime_error("no answer in time");
  }

  void connect() {
    if (connection_ != nullptr && connection_->ready() && !connection_->session().draining())
      return;
    if (connection_ != nullptr) client_->drop(*connection_);
    const client::Protocol protocol = protocol_ == Wire3::h1   ? client::Protocol::h1
                                      : protocol_ == Wire3::h2 ? client::Protocol::h2
                                                               : client::Protocol::h3;
    connection_ = must(client_->connect(protocol, server_.address, "localhost"));
    wait_for([&] { return connection_->ready() || connection_->closed(); });
    if (connection_->closed()) {
      throw std::runtime_error(std::string(connection_->close_reason().detail));
    }
  }

  client::Fetch& begin(const Ask& ask) {
    connect();
    return client_->fetch(*connection_, request_of(ask),
                          ask.body ? ask.body(client_->pool()) : nullptr);
  }

  Reply ask_on_h1(const Ask& one) {
    client::Fetch& fetch = begin(one);
    wait_for([&] { return fetch.done(); });
    const Reply reply = reply_of(fetch);
    client_->drop(fetch);
    return reply;
  }

  Wire3 protocol_;
  LiveServer server_;
  std::unique_ptr<client::Client> client_;
  client::Connection* connection_ = nullptr;
};

}  // namespace

std::unique_ptr<Stage> make_socket_stage(Wire3 protocol, ScriptedHandler::Answer answer) {
  return std::make_unique<SocketStage>(protocol, std::move(answer));
}

}  // namespace troika::test
