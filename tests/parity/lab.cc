#include "parity/lab.h"

#include <algorithm>
#include <format>
#include <stdexcept>

#include "parity/profiles.h"
#include "server/static_site.h"

namespace troika::parity {
namespace {

constexpr std::size_t kOpenFiles = 512;
constexpr std::size_t kAtOnce = 50;  // of the 100 that a connection may have open

std::unique_ptr<test::LiveServer> serve(const Fixture& fixture, const std::string& name) {
  const auto profile = std::ranges::find(profiles(), name, &Profile::name);
  if (profile == profiles().end()) throw std::runtime_error("no such profile: " + name);
  return std::make_unique<test::LiveServer>(
      test::must(static_site(fixture.root().string(), profile->options, kOpenFiles)));
}

}  // namespace

Lab::Lab() : client_(test::must(client::Client::make({test::test_certificate().ca_file}))) {}

Lab::~Lab() { close(); }

std::size_t Lab::close() {
  for (auto& [name, served] : served_) {
    for (auto& asker : served.askers) asker.reset();
  }
  served_.clear();
  client_->loop().deferred().run();
  return client_->pool().outstanding();
}

Asker& Lab::asker(const std::string& profile, std::size_t protocol) {
  Served& served = served_[profile];
  if (served.server == nullptr) served.server = serve(fixture_, profile);
  auto& asker = served.askers.at(protocol);
  if (asker == nullptr) {
    asker =
        std::make_unique<Asker>(*client_, Asker::To{.protocol = kProtocols.at(protocol).protocol,
                                                    .address = served.server->address,
                                                    .host = "localhost",
                                                    .at_once = kAtOnce});
  }
  return *asker;
}

}  // namespace troika::parity
