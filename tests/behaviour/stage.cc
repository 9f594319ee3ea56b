#include "behaviour/stage.h"

#include <algorithm>

#include "behaviour/memory_stage.h"
#include "behaviour/socket_stage.h"

namespace troika::test {

std::string name_of(StageKind kind) {
  const std::string protocol = kind.protocol == Wire3::h1   ? "h1"
                               : kind.protocol == Wire3::h2 ? "h2"
                                                            : "h3";
  return protocol + (kind.medium == Medium::memory ? " in memory" : " on sockets");
}

const std::vector<StageKind>& all_stages() {
  static const std::vector<StageKind> stages = [] {
    std::vector<StageKind> all;
    for (const Medium medium : {Medium::memory, Medium::sockets}) {
      for (const Wire3 protocol : {Wire3::h1, Wire3::h2, Wire3::h3}) {
        all.push_back({protocol, medium});
      }
    }
    return all;
  }();
  return stages;
}

std::unique_ptr<Stage> make_stage(StageKind kind, ScriptedHandler::Answer answer) {
  if (kind.medium == Medium::sockets) return make_socket_stage(kind.protocol, std::move(answer));
  return make_memory_stage(kind.protocol, std::move(answer));
}

Request request_of(const Ask& ask) {
  Request request;
  request.method = method_from(ask.method);
  request.method_text = ask.method;
  request.scheme = "https";
  request.authority = "localhost";
  request.target.raw = ask.target;
  for (const auto& [name, value] : ask.fields) request.headers.add(name, value);
  return request;
}

std::vector<std::pair<std::string, std::string>> comparable(const HeaderMap& fields) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto [name, value] : fields) {
    if (name == "date" || name == "alt-svc" || name == "connection" ||
        name == "transfer-encoding") {
      continue;
    }
    all.emplace_back(name, value);
  }
  std::ranges::sort(all);
  return all;
}

Reply reply_of(const client::Fetch& fetch) {
  Reply reply;
  reply.status = fetch.status();
  if (fetch.has_head()) reply.fields = comparable(fetch.headers());
  reply.trailers = comparable(fetch.trailers());
  reply.body = fetch.body;
  reply.informational = fetch.informational();
  reply.failed = fetch.failed();
  return reply;
}

}  // namespace troika::test
