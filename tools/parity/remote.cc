#include "tools/parity/remote.h"

#include <netdb.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/text.h"

namespace troika::parity {
namespace {

constexpr std::size_t kMostBytes = 16U << 20U;  // it is asked for some hundred times

Checked<std::vector<Address>> resolve(const Url& url) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(url.host.c_str(), nullptr, &hints, &found); error != 0) {
    return std::unexpected(formatted("{}: {}", url.host, gai_strerror(error)));
  }
  std::vector<Address> addresses;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    addresses.emplace_back(a->ai_addr);
    addresses.back().set_port(url.port);
  }
  freeaddrinfo(found);
  return addresses;
}

Remote::Reach reach_over(client::Client& client, const Url& url, client::Protocol protocol,
                         const std::vector<Address>& addresses, Duration within) {
  Remote::Reach reach;
  for (const Address& address : addresses) {
    auto asker =
        std::make_unique<Asker>(client, Asker::To{.protocol = protocol,
                                                  .address = address,
                                                  .host = url.host,
                                                  .authority = url.authority,
                                                  .connect_within = within / addresses.size()});
    const auto connected = asker->connect();
    if (!connected) {
      reach.note +=
          formatted("{}{}: {}", reach.note.empty() ? "" : "; ", address.text(), connected.error());
      continue;
    }
    reach.asker = std::move(asker);
    reach.note = address.text();
    break;
  }
  return reach;
}

std::map<std::string, std::string> joined(const Fields& fields) {
  std::map<std::string, std::string> all;
  for (const auto& [name, value] : fields) all[name] += value + "\n";
  return all;
}

void note_changes(const Fields& a, const Fields& b, std::set<std::string>& changing) {
  const auto left = joined(a), right = joined(b);
  for (const auto& [name, value] : left) {
    const auto other = right.find(name);
    if (other == right.end() || other->second != value) changing.insert(name);
  }
  for (const auto& [name, value] : right) {
    if (!left.contains(name)) changing.insert(name);
  }
}

std::string first_of(const Answer& answer, std::string_view name) {
  const auto values = values_of(answer, name);
  return values.empty() ? "" : std::string(values[0]);
}

std::size_t declared_length(const Answer& answer) {
  const std::string text = first_of(answer, "content-length");
  std::size_t length = 0;
  std::from_chars(text.data(), text.data() + text.size(), length);
  return length;
}

}  // namespace

Checked<Url> parse_url(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  if (!text.starts_with(kScheme)) return std::unexpected("a URL begins with https://");
  text.remove_prefix(kScheme.size());
  text = text.substr(0, text.find('#'));
  const std::size_t slash = std::min(text.find_first_of("/?"), text.size());
  Url url{.host = "",
          .authority = std::string(text.substr(0, slash)),
          .target = std::string(text.substr(slash))};
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  std::string_view host = url.authority;
  const std::size_t bracket = host.find(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    const std::string_view port = host.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc{} || end != port.data() + port.size() || url.port == 0) {
      return std::unexpected(formatted("\"{}\" is no port", port));
    }
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host.contains('@')) return std::unexpected("a URL is https://host/path");
  url.host = host;
  return url;
}

Checked<Remote> Remote::reach(client::Client& client, const Url& url, Duration within) {
  const auto addresses = resolve(url);
  if (!addresses) return std::unexpected(addresses.error());
  Remote remote;
  remote.target_ = url.target;
  for (std::size_t p = 0; p < kProtocols.size(); ++p) {
    remote.reached_.at(p) = reach_over(client, url, kProtocols.at(p).protocol, *addresses, within);
  }
  return remote;
}

std::size_t Remote::count() const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(reached_, [](const Reach& r) { return r.asker != nullptr; }));
}

Checked<Learned> Remote::learn(Differences& allowed) {
  allowed.ignore_boundary();
  std::optional<Learned> learned;
  for (std::size_t p = 0; p < kProtocols.size(); ++p) {
    Asker* const asker = reached_.at(p).asker.get();
    if (asker == nullptr) continue;
    const char* const name = kProtocols.at(p).name;
    if (declared_length(asker->ask({.method = "HEAD", .target = target_})) > kMostBytes) {
      return std::unexpected("more than 16 MiB: choose something smaller, it is asked for often");
    }
    const Answer first = asker->ask({.target = target_}), second = asker->ask({.target = target_});
    for (const Answer* const answer : {&first, &second}) {
      if (!answer->failure.empty()) {
        return std::unexpected(formatted("{}: no whole answer: {}", name, answer->failure));
      }
    }
    note_changes(first.fields, second.fields, changing_);
    if (kProtocols.at(p).protocol == client::Protocol::h3 && !first_of(first, "alt-svc").empty()) {
      announces_over_h3_ = true;
      allowed.ignore_field("alt-svc");
    }
    body_changes_ = body_changes_ || first.body != second.body;
    if (!learned) {
      learned =
          Learned{first_of(first, "etag"), first_of(first, "last-modified"), first.body.size()};
    }
  }
  if (!learned) return std::unexpected("no protocol reaches it");
  for (const std::string& field : changing_) allowed.ignore_field(field);
  if (body_changes_) {
    allowed.ignore_field("content-length");
    changing_.insert("body");
  }
  return *learned;
}

std::string Remote::endings() {
  std::string text;
  for (std::size_t p = 0; p < kProtocols.size(); ++p) {
    if (reached_.at(p).asker == nullptr) continue;
    const auto endings = reached_.at(p).asker->take_endings();
    if (endings.empty()) continue;
    std::size_t again = 0;
    for (const Asker::Ending& ending : endings) again += ending.again;
    text += formatted("{}{}: {} connections ended, {} requests asked again",
                      text.empty() ? "" : "; ", kProtocols.at(p).name, endings.size(), again);
  }
  return text;
}

Remote::Row Remote::ask(Generic request, const Differences& allowed) {
  Row row{.request = std::move(request), .status = {}, .differs = {}};
  std::optional<Answer> first;
  const char* first_name = "";
  for (std::size_t p = 0; p < kProtocols.size(); ++p) {
    const NamedProtocol& protocol = kProtocols.at(p);
    Asker* const asker = reached_.at(p).asker.get();
    row.status.at(p) = "-";
    if (asker == nullptr) continue;
    Answer answer = asker->ask(row.request.ask);
    row.status.at(p) = answer.failure.empty() ? std::to_string(answer.status) : "lost";
    if (body_changes_) answer.body.clear();
    if (!first) {
      first = std::move(answer);
      first_name = protocol.name;
      continue;
    }
    const std::string difference =
        allowed.compare(row.request.ask, {first_name, *first}, {protocol.name, answer});
    if (difference.empty()) continue;
    row.differs += formatted("{}{} and {}: {}", row.differs.empty() ? "" : "; ", first_name,
                             protocol.name, difference);
  }
  return row;
}

}  // namespace troika::parity
