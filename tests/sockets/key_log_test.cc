// --keylog over TCP and QUIC, as somebody with a packet capture needs it.
#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <set>

#include "support/live_client.h"
#include "support/live_group.h"

using namespace troika;
using namespace troika::test;

TEST_CASE("The key log has what decrypts a connection over TCP and one over QUIC") {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "keys";
  {
    LiveGroup group(1, {}, [&](Config& options) { options.log.keys = file; });
    LiveClient client;
    for (const client::Protocol protocol : {client::Protocol::h2, client::Protocol::h3}) {
      CHECK(client.ask(client.connect(protocol, group.address)).status == 200);
    }
  }  // and with it all that was to be written
  std::multiset<std::string> labels;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) labels.insert(line.substr(0, line.find(' ')));
  for (const char* const label :
       {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"}) {
    CAPTURE(label);
    CHECK(labels.count(label) == 2);
  }
}
