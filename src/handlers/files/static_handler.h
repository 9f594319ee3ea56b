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

// Serves the files beneath a FileReader's root as docs/static-files.md says.
class StaticHandler final : public Handler {
 public:
  struct Parts {
    FileReader& files;
    Background& coding;   // compresses
    Background& slow;     // lists folders and hashes large files, which must not hold up the other
    Background& hashing;  // small files, whose entity tags visitors wait for
    TimerQueue& timers;
    BufferPool& pool;
    const Clock& clock;
    SiteOptions options{};
    SiteLimits limits{};
    std::function<void(const std::string&)> notice{};  // takes a sentence for the operator
    std::string secret{};  // random; nobody can foretell a multipart boundary without it
  };
  explicit StaticHandler(Parts parts);
  ~StaticHandler() override;
  [[nodiscard]] std::unique_ptr<Job> start(RequestContext context, Responder& responder) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace troika
