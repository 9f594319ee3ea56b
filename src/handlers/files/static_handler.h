#pragma once
#include <memory>
#include <string_view>

#include "handlers/files/file_services.h"
#include "handlers/route_action.h"
#include "handlers/site_options.h"
#include "ports/file_reader.h"

namespace troika {

// Serves the files beneath a FileReader's root; see docs/static-files.md.
class StaticHandler final : public RouteAction {
 public:
  // The reader and what is shared outlive it.
  StaticHandler(FileReader& files, SiteOptions options, FileServices& shared);
  ~StaticHandler() override;
  [[nodiscard]] std::unique_ptr<Job> act(RequestContext context, Responder& responder,
                                         std::string_view path) override;
  // With the page that the options have for the status, if there is one.
  [[nodiscard]] std::unique_ptr<Job> fail(RequestContext context, Responder& responder,
                                          std::uint16_t status, HeaderMap fields) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace troika
