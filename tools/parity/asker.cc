#include "tools/parity/asker.h"

#include <algorithm>

#include "base/text.h"
#include "http/message/error_response.h"

namespace troika::parity {
namespace {

Request request_of(const Ask& ask, const std::string& authority) {
  Request request = client::make_request(ask.method, authority, ask.target);
  for (const auto& [name, value] : ask.fields) {
    if (ascii::equal_ignoring_case(name, "host")) {
      request.authority = value;
    } else {
      request.headers.add(name, value);
    }
  }
  return request;
}

Fields fields_of(const HeaderMap& map) {
  Fields fields;
  for (const auto [name, value] : map) fields.emplace_back(name, value);
  return fields;
}

Answer answer_of(client::Fetch& fetch) {
  Answer answer;
  answer.status = fetch.status();
  if (fetch.has_head()) answer.fields = fields_of(fetch.headers());
  answer.trailers = fields_of(fetch.trailers());
  answer.body = std::move(fetch.body);
  if (fetch.failed()) {
    answer.failure = name_of(fetch.failure().reason);
  } else if (!fetch.done()) {
    answer.failure = "not in time";
  }
  return answer;
}

// Another connection than the one asked for is no use: without the ALPN of h2 it is HTTP/1.1.
bool speaks(client::Protocol protocol, const client::Connection& connection) {
  return protocol != client::Protocol::h2 || connection.security().alpn == "h2";
}

}  // namespace

Asker::Asker(client::Client& client, To to) : client_(client), to_(std::move(to)) {
  if (to_.authority.empty()) to_.authority = formatted("{}:{}", to_.host, to_.address.port());
  if (to_.protocol == client::Protocol::h1) to_.at_once = 1;
}

Asker::~Asker() { hang_up(); }

void Asker::hang_up() {
  if (connection_ != nullptr) client_.drop(*connection_);
  connection_ = nullptr;
}

// Once for each connection.
void Asker::note_ending(std::string why, std::size_t again) {
  if (!std::exchange(used_, false)) return;
  endings_.push_back({std::move(why), last_ask_, last_answer_, again});
  hang_up();
}

Checked<void> Asker::connect() {
  if (!lost() && connection_->ready() && !connection_->session().draining()) return {};
  if (connection_ != nullptr) {
    note_ending(connection_->closed() ? std::string(connection_->close_reason().detail)
                                      : "it takes no more requests");
  }
  hang_up();
  used_ = false;
  auto made = client_.connect(to_.protocol, to_.address, to_.host);
  if (!made) return std::unexpected(made.error());
  connection_ = *made;
  const bool in_time = client_.run_until(
      [&] { return connection_->ready() || connection_->closed(); }, to_.connect_within);
  if (!in_time) {
    hang_up();
    return std::unexpected(
        formatted("no connection within {}", std::chrono::duration<double>(to_.connect_within)));
  }
  if (connection_->closed())
    return std::unexpected(std::string(connection_->close_reason().detail));
  if (!speaks(to_.protocol, *connection_)) {
    hang_up();
    return std::unexpected("the server chose HTTP/1.1");
  }
  return {};
}

std::vector<Answer> Asker::ask_together(std::span<const Ask> asks) {
  if (const auto connected = connect(); !connected) {
    endings_.push_back({.why = connected.error(), .after = asks.back(), .answer = {}});
    return std::vector<Answer>(asks.size(), Answer{.failure = connected.error()});
  }
  std::vector<client::Fetch*> fetches;
  for (const Ask& one : asks) {
    auto body = one.body ? text_body(client_.pool(), *one.body) : nullptr;
    fetches.push_back(
        &client_.fetch(*connection_, request_of(one, to_.authority), std::move(body)));
  }
  used_ = true;
  const bool in_time = client_.run_until(
      [&] {
        return std::ranges::all_of(fetches, [](const client::Fetch* f) { return f->done(); });
      },
      to_.answer_within);
  std::vector<Answer> answers;
  for (client::Fetch* fetch : fetches) {
    answers.push_back(answer_of(*fetch));
    client_.drop(*fetch);
  }
  last_ask_ = asks.back();
  last_answer_ = answers.back();
  last_answer_.body.clear();
  if (!in_time) note_ending("not in time");
  return answers;
}

// A kept connection may end at any time, and one that is lost takes with it what is not to blame:
// these are asked once more, alone.
void Asker::ask_again(std::span<const Ask> asks, std::vector<Answer>& answers) {
  std::vector<std::size_t> innocent;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    const bool blameless = answers[i].status == 0 || asks.size() > 1;
    if (!answers[i].failure.empty() && blameless) innocent.push_back(i);
  }
  if (connection_ != nullptr) {
    note_ending(std::string(connection_->close_reason().detail), innocent.size());
  } else {
    endings_.back().again += innocent.size();  // no connection, or none in time: noted already
  }
  for (const std::size_t i : innocent) answers[i] = ask_together(asks.subspan(i, 1)).front();
}

std::vector<Answer> Asker::ask(const std::vector<Ask>& asks) {
  std::vector<Answer> answers;
  for (std::size_t at = 0; at < asks.size(); at += to_.at_once) {
    const auto some = std::span(asks).subspan(at, std::min(to_.at_once, asks.size() - at));
    const bool reused = used_;
    std::vector<Answer> got = ask_together(some);
    if (lost() && (reused || some.size() > 1)) ask_again(some, got);
    std::ranges::move(got, std::back_inserter(answers));
  }
  return answers;
}

}  // namespace troika::parity
