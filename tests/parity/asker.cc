#include "parity/asker.h"

#include <algorithm>
#include <format>

#include "base/ascii.h"
#include "support/session_harness.h"

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
    answer.failure = name_of(fetch.failure());
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
  if (to_.authority.empty()) to_.authority = std::format("{}:{}", to_.host, to_.address.port());
  if (to_.protocol == client::Protocol::h1) to_.at_once = 1;
}

Asker::~Asker() { hang_up(); }

void Asker::hang_up() {
  if (connection_ != nullptr) client_.drop(*connection_);
  connection_ = nullptr;
}

Checked<void> Asker::connect() {
  if (!lost() && connection_->ready() && !connection_->session().draining()) return {};
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
        std::format("no connection within {}", std::chrono::duration<double>(to_.connect_within)));
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
    return std::vector<Answer>(asks.size(), Answer{.failure = connected.error()});
  }
  std::vector<client::Fetch*> fetches;
  for (const Ask& one : asks) {
    auto body = one.body ? test::body_of(client_.pool(), *one.body) : nullptr;
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
  if (!in_time) hang_up();
  return answers;
}

std::vector<Answer> Asker::ask(const std::vector<Ask>& asks) {
  std::vector<Answer> answers;
  for (std::size_t at = 0; at < asks.size(); at += to_.at_once) {
    const auto some = std::span(asks).subspan(at, std::min(to_.at_once, asks.size() - at));
    const bool reused = used_;
    std::vector<Answer> got = ask_together(some);
    // A kept connection may end at any time, and one that is lost takes with it what is not to
    // blame: these are asked once more, alone.
    if (lost() && (reused || some.size() > 1)) {
      for (std::size_t i = 0; i < some.size(); ++i) {
        const bool innocent = got[i].status == 0 || some.size() > 1;
        if (!got[i].failure.empty() && innocent) got[i] = ask_together(some.subspan(i, 1)).front();
      }
    }
    std::ranges::move(got, std::back_inserter(answers));
  }
  return answers;
}

}  // namespace troika::parity
