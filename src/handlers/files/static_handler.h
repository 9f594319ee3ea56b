#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "handlers/site_options.h"
#include "http/exchange/handler.h"
#include "ports/background.h"
#include "ports/file_reader.h"

namespace troika {

// Serves the files beneath a FileReader's root; see docs/static-files.md.
class StaticHandler final : public Handler {
 public:
  struct Parts {
    FileReader& files;
    Background& coding;   // compresses
    Background& slow;     // lists folders and hashes large files: must not delay the others
    Background& hashing;  // hashes small files, whose entity tags clients wait for
    TimerQueue& timers;
    BufferPool& pool;
    const Clock& clock;
    SiteOptions options{};
    SiteLimits limits{};
    std::function<void(const std::string&)> notice{};  // gets one sentence for the operator
    std::string secret{};  // random; makes multipart boundaries unpredictable
  };
  explicit StaticHandler(Parts parts);
  ~StaticHandler() override;
  [[nodiscard]] std::unique_ptr<Job> start(RequestContext context, Responder& responder) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace troika
