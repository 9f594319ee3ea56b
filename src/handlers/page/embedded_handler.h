#pragma once
#include <span>
#include <string>
#include <string_view>

#include "http/exchange/handler.h"

namespace troika {

// A file that is compiled in; its path has no leading slash.
struct EmbeddedFile {
  std::string_view path;
  std::span<const unsigned char> bytes;
};

// Serves files from memory that lives as long as the process. In index.html and protocol.css,
// "{{protocol}}" and "{{horse}}" are replaced by the request's protocol ("HTTP/3", "h3"),
// "{{build}}" by the build's name.
class EmbeddedHandler final : public Handler {
 public:
  EmbeddedHandler(std::span<const EmbeddedFile> files, std::string_view build);
  [[nodiscard]] std::unique_ptr<Job> start(RequestContext context, Responder& responder) override;

 private:
  std::string fill_in(std::string_view page, HttpVersion version) const;

  std::span<const EmbeddedFile> files_;
  std::string build_;  // as HTML
};

}  // namespace troika
