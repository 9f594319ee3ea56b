#include "behaviour/stage.h"

#include <algorithm>

#include "base/text.h"
#include "support/scripted_site.h"

namespace troika::test {
namespace {

Request request_of(const Ask& ask) {
  Request request = client::make_request(ask.method, "localhost", ask.target);
  for (const auto& [name, value] : ask.fields) request.headers.add(name, value);
  return request;
}

Fields comparable(const HeaderMap& fields) {
  static constexpr std::array<std::string_view, 4> kLeftOut{"date", "alt-svc", "connection",
                                                            "transfer-encoding"};
  Fields all;
  for (const auto [name, value] : fields) {
    if (!std::ranges::contains(kLeftOut, name)) all.emplace_back(name, value);
  }
  std::ranges::sort(all);
  return all;
}

Reply reply_of(const client::Fetch& fetch) {
  return {.status = fetch.status(),
          .fields = fetch.has_head() ? comparable(fetch.headers()) : Fields{},
          .trailers = comparable(fetch.trailers()),
          .body = fetch.body,
          .informational = fetch.informational(),
          .failed = fetch.failed()};
}

}  // namespace

Stage::Stage(client::Protocol protocol, ScriptedHandler::Answer answer)
    : protocol_(protocol), server_(scripted_site(std::move(answer))) {}

std::vector<Reply> Stage::ask(const std::vector<Ask>& asks) {
  if (protocol_ != client::Protocol::h1) return ask_together(asks);
  std::vector<Reply> replies;
  for (const Ask& one : asks) replies.push_back(ask_together({&one, 1}).front());
  return replies;
}

std::vector<Reply> Stage::ask_together(std::span<const Ask> asks) {
  std::vector<client::Fetch*> fetches;
  for (const Ask& one : asks) {
    client::Connection& on = connection();
    fetches.push_back(
        &client_->fetch(on, request_of(one), one.body ? one.body(client_->pool()) : nullptr));
  }
  client_.wait([&] { return std::ranges::all_of(fetches, [](auto* f) { return f->done(); }); });
  std::vector<Reply> replies;
  for (client::Fetch* const fetch : fetches) {
    replies.push_back(reply_of(*fetch));
    client_->drop(*fetch);
  }
  return replies;
}

client::Connection& Stage::connection() {
  const bool usable =
      connection_ != nullptr && connection_->ready() && !connection_->session().draining();
  if (usable) return *connection_;
  if (connection_ != nullptr) client_->drop(*connection_);
  connection_ = &client_.connect(protocol_, server_.address);
  if (connection_->closed()) {
    throw std::runtime_error(std::string(connection_->close_reason().detail));
  }
  return *connection_;
}

std::string Stage::close() {
  if (connection_ != nullptr) client_->drop(*connection_);
  connection_ = nullptr;
  const std::size_t held = client_->pool().outstanding();
  std::string left = server_.drain();
  if (held != 0) left += formatted(" client: {} bytes", held);
  return left;
}

}  // namespace troika::test
