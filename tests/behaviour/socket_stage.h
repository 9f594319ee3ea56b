#pragma once
#include <memory>

#include "behaviour/stage.h"
#include "client/fetch.h"

namespace troika::test {

std::unique_ptr<Stage> make_socket_stage(Wire3 protocol, ScriptedHandler::Answer answer);

// What both kinds of stages do with requests and answers.
Request request_of(const Ask& ask);
std::vector<std::pair<std::string, std::string>> comparable(const HeaderMap& fields);
Reply reply_of(const client::Fetch& fetch);

}  // namespace troika::test
