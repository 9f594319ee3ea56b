#include "tools/parity/lab.h"

#include <thread>

#include "base/text.h"
#include "server/static_site.h"
#include "tools/parity/ending.h"
#include "tools/parity/profiles.h"

namespace troika::parity {
namespace {

constexpr std::size_t kOpenFiles = 512;
// A file that was changed less than 2 s before it is looked at has a weak tag, also when the time
// of the change is all that is known (epoch.txt): nothing is to turn strong between two protocols.
constexpr std::chrono::milliseconds kSettled(2100);
constexpr std::size_t kAtOnce = 50;  // of the 100 that a connection may have open

// One protocol waits while another is asked: no connection ends of that, however slow the machine.
void patient(WorkerConfig& config) {
  config.timeouts.idle_tcp = config.quic.idle_timeout = std::chrono::minutes(10);
}

// What is chosen must not depend on how busy the machine is, nor on how many requests one
// connection has at a time.
SiteLimits patient_limits() {
  SiteLimits limits{.open_files = kOpenFiles};
  limits.patience = std::chrono::hours(1);
  for (Quota* const quota :
       {&limits.live_encoders, &limits.coding, &limits.tags, &limits.digests}) {
    quota->count = quota->count_each = 2 * kAtOnce;
  }
  return limits;
}

std::unique_ptr<rig::LiveServer> serve(const Fixture& fixture, const std::string& name) {
  const Profile& profile = profile_named(name);
  return std::make_unique<rig::LiveServer>(
      rig::must(static_site(fixture.root().string(), profile.options, SiteShare{patient_limits()})),
      patient);
}

}  // namespace

Lab::Lab() : client_(rig::must(client::Client::make({rig::test_certificate().ca_file}))) {
  std::this_thread::sleep_for(kSettled);
}

Lab::~Lab() { close(); }

std::vector<std::string> Lab::hang_up(const std::string& profile) {
  std::vector<std::string> found;
  for (std::size_t p = 0; p < kProtocols.size(); ++p) {
    auto& asker = served_[profile].askers.at(p);
    if (asker == nullptr) continue;
    const char* const name = kProtocols.at(p).name;
    // Bytes that came after the last answer are seen once more is read.
    const Answer last = asker->ask({.target = "/one.bin"});
    if (last.status != 200 || last.body != "x") {
      found.push_back(formatted("{} ({}): the last request was not answered", name, profile));
    }
    for (const Asker::Ending& ending : asker->take_endings()) {
      if (may_end(kProtocols.at(p).protocol, ending)) continue;
      found.push_back(describe(ending, name, profile, asker->authority()));
    }
    asker.reset();
  }
  return found;
}

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
