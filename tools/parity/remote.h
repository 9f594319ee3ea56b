#pragma once
#include <array>
#include <memory>
#include <set>

#include "tools/parity/differences.h"
#include "tools/parity/generic.h"
#include "tools/parity/lab.h"

namespace troika::parity {

struct Url {
  std::string host, authority, target;  // the host without the brackets of an IPv6 address
  std::uint16_t port = 443;
};
Checked<Url> parse_url(std::string_view text);  // https alone

// Any server, asked over whichever of the protocols reach it.
class Remote {
 public:
  struct Reach {
    std::unique_ptr<Asker> asker;  // null: not reached
    std::string note;              // the address, or why not
  };
  struct Row {
    Generic request;
    std::array<std::string, kProtocols.size()> status;  // "-": not asked
    std::string differs;                                // "" when all are the same
  };

  // The client outlives this. Tries every address of the host's name, so long for each protocol.
  static Checked<Remote> reach(client::Client& client, const Url& url,
                               Duration within = std::chrono::seconds(5));

  const std::array<Reach, kProtocols.size()>& reached() const noexcept { return reached_; }
  std::size_t count() const noexcept;
  // Asks twice over each protocol: what changes between two answers to the same request is left
  // out of all comparisons. The error says why `target` is not one to compare.
  Checked<Learned> learn(Differences& allowed);
  const std::set<std::string>& changing() const noexcept { return changing_; }

  // It leads to where one is: said once, and not of each answer.
  bool announces_over_h3() const noexcept { return announces_over_h3_; }
  // Connections that ended while they were of use, and requests that were asked again.
  std::string endings();

  Row ask(Generic request, const Differences& allowed);

 private:
  std::string target_;
  std::array<Reach, kProtocols.size()> reached_;
  std::set<std::string> changing_;  // fields; "body" when it is the body
  bool body_changes_ = false, announces_over_h3_ = false;
};

}  // namespace troika::parity
