#pragma once
// What a handler answered, for tests of handlers that need no exchange.
#include <memory>
#include <optional>
#include <vector>

#include "http/exchange/handler.h"

namespace troika::test {

class RecordingResponder final : public Responder {
 public:
  std::vector<ResponseHead> informational;
  std::vector<ResponseHead> heads;  // a right handler gives exactly one
  std::unique_ptr<BodySource> body;
  std::optional<AbortReason> aborted;

  Status inform(const ResponseHead& head) override {
    informational.push_back(head);
    return {};
  }
  Status respond(ResponseHead head, std::unique_ptr<BodySource> b) override {
    heads.push_back(std::move(head));
    body = std::move(b);
    return {};
  }
  void abort(AbortReason reason) noexcept override { aborted = reason; }

  std::uint16_t status() const { return heads.size() == 1 ? heads[0].status : std::uint16_t{0}; }
  std::string field(std::string_view name) const {
    return heads.empty() ? "" : std::string(heads[0].headers.get(name).value_or(""));
  }
};

}  // namespace troika::test
