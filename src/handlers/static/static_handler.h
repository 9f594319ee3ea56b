#pragma once
#include "http/handler.h"
#include "net/file_reader.h"

namespace troika {

// Serves the files beneath a FileReader's root: GET and HEAD, index.html for folders.
class StaticHandler final : public Handler {
 public:
  explicit StaticHandler(FileReader& files) noexcept : files_(files) {}
  [[nodiscard]] std::unique_ptr<Job> start(RequestContext context, Responder& responder) override;

 private:
  FileReader& files_;
};

}  // namespace troika
