#pragma once
// One call of a handler without an exchange: a request in, a response out.
#include <string>

#include "support/body_text.h"
#include "support/recording_responder.h"

namespace troika::test {

// `raw` is a target that is fit to be sent.
Request request_for(std::string_view method, std::string_view raw);

// The request and the responder outlive the job.
struct Call {
  Call(Bench& bench, Handler& handler, Request r);
  Call(Bench& bench, Handler& handler, std::string_view method, std::string_view raw)
      : Call(bench, handler, request_for(method, raw)) {}

  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  std::uint16_t status() const { return responder.status(); }
  std::string field(std::string_view name) const { return responder.field(name); }
  std::string body() { return responder.body == nullptr ? "" : whole_text(*responder.body); }

  Request request;
  ScriptedBody request_body;
  RecordingResponder responder;
  std::unique_ptr<Job> job;
};

}  // namespace troika::test
