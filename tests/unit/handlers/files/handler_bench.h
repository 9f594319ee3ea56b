#pragma once
// One call of a handler without an exchange: a request in, a response out.
#include <string>

#include "support/body_text.h"
#include "support/recording_responder.h"

namespace troika::test {

// `raw` is a target that is fit to be sent.
Request request_for(std::string_view method, std::string_view raw);

// The request and the responder outlive the job.
struct HandlerCall {
  // Of the bench's peer, or of another one.
  HandlerCall(Bench& bench, Handler& handler, Request r, const PeerInfo* peer = nullptr);
  HandlerCall(Bench& bench, Handler& handler, std::string_view method, std::string_view raw)
      : HandlerCall(bench, handler, request_for(method, raw)) {}

  ~HandlerCall();
  HandlerCall(const HandlerCall&) = delete;
  HandlerCall& operator=(const HandlerCall&) = delete;

  std::uint16_t status() const { return responder.status(); }
  std::string field(std::string_view name) const { return responder.field(name); }
  std::string body() { return responder.body == nullptr ? "" : whole_text(*responder.body); }

  Request request;
  ScriptedBody request_body;
  RecordingResponder responder;
  std::unique_ptr<Job> job;
};

}  // namespace troika::test
