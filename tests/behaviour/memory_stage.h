#pragma once
#include <memory>

#include "behaviour/stage.h"

namespace troika::test {

std::unique_ptr<Stage> make_memory_stage(Wire3 protocol, ScriptedHandler::Answer answer);

}  // namespace troika::test
