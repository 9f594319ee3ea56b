#pragma once
// Requests without end over every protocol, each on the connection that it began with.
#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "support/live_client.h"

namespace troika::test {

class LiveLoad {
 public:
  // Of a response with status 200: whether it is right as well.
  using Verdict = std::function<bool(const client::Fetch&)>;

  // `expect`: called when a request begins; empty: any response with status 200 is right.
  LiveLoad(LiveClient& client, const Address& server,
           Request request = client::make_request("GET", "localhost", "/"),
           std::function<Verdict()> expect = {})
      : client_(client), request_(std::move(request)), expect_(std::move(expect)) {
    for (const auto& [protocol, name] : kProtocols) {
      for (int i = 0; i < 3; ++i) members_.push_back({&client.connect(protocol, server)});
    }
  }
  // After each turn of the loop.
  void go_on() {
    for (Member& member : members_) {
      if (!finished(member)) continue;
      if (!member.connection->ready()) {
        ++failed;
        continue;
      }
      member.fetch = &client_->fetch(*member.connection, request_);
      if (expect_) member.verdict = expect_();
    }
  }
  // In place of go_on(): true once none is in flight.
  bool rest() {
    return std::ranges::count_if(members_, [this](Member& m) { return !finished(m); }) == 0;
  }

  std::uint64_t served = 0, failed = 0;

 private:
  struct Member {
    client::Connection* connection;
    client::Fetch* fetch = nullptr;
    Verdict verdict{};
  };

  bool finished(Member& member) {
    if (member.fetch == nullptr) return true;
    if (!member.fetch->done()) return false;
    const bool right = !member.fetch->failed() && member.fetch->status() == 200 &&
                       (!member.verdict || member.verdict(*member.fetch));
    ++(right ? served : failed);
    client_->drop(*std::exchange(member.fetch, nullptr));
    return true;
  }

  LiveClient& client_;
  Request request_;
  std::function<Verdict()> expect_;
  std::vector<Member> members_;
};

}  // namespace troika::test
