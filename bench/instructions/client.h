#pragma once
#include <memory>

namespace troika::instructions {

class Site;

// A client on one connection to a server without sockets, with the handshake done. The server's
// turns are counted, the client is not.
class Client {
 public:
  virtual ~Client() = default;
  // One request, until its response has come and the server has nothing left to do. Returns the
  // bytes of content; throws if it is not a 200.
  virtual std::size_t get() = 0;
};

// The site outlives them.
std::unique_ptr<Client> make_h1_client(Site& site);
std::unique_ptr<Client> make_h2_client(Site& site);
std::unique_ptr<Client> make_h3_client(Site& site);

// No client: finds the site and the route of a request among 10,000 hosts and 1,000 routes.
std::unique_ptr<Client> make_matcher();

}  // namespace troika::instructions
