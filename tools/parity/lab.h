#pragma once
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/client.h"
#include "tools/parity/asker.h"
#include "tools/parity/fixture.h"
#include "tools/rig/live_server.h"

namespace troika::parity {

// One folder, a server for each profile (started when it is first asked), and a client.
class Lab {
 public:
  Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;
  ~Lab();

  const Fixture& fixture() const noexcept { return fixture_; }
  // `protocol`: an index of kProtocols. Throws for a profile that does not exist.
  Asker& asker(const std::string& profile, std::size_t protocol);
  // Ends the connections of a profile, after one more request on each; what they ended of before
  // without leave (ending.h), a line each.
  std::vector<std::string> hang_up(const std::string& profile);
  // Ends all connections; what the client then still holds of its pool, which should be nothing.
  std::size_t close();

 private:
  struct Served {
    std::unique_ptr<rig::LiveServer> server;
    std::array<std::unique_ptr<Asker>, kProtocols.size()> askers;
  };

  Fixture fixture_;
  std::unique_ptr<client::Client> client_;
  std::map<std::string, Served> served_;
};

}  // namespace troika::parity
