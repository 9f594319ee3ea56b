#pragma once
// The rig's server, with a note of what it answered.
#include <functional>
#include <utility>

#include "support/session_harness.h"
#include "tools/rig/live_server.h"
#include "tools/rig/temporary_folder.h"

namespace troika::test {

using rig::must;
using rig::TemporaryFolder;
using rig::test_certificate;

struct Recorded {
  RecordingObserver observer;  // after stop() or drain()
};

class LiveServer : public Recorded, public rig::LiveServer {
 public:
  explicit LiveServer(MakeSite make_site, const std::function<void(WorkerConfig&)>& tweak = {})
      : rig::LiveServer(std::move(make_site), [&](WorkerConfig& config) {
          config.observers = {&observer};
          if (tweak) tweak(config);
        }) {}
};

}  // namespace troika::test
