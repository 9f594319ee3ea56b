#pragma once
#include <string>

namespace troika {

// Names this machine, or this container of it: by the machine id (machine-id(5)) and the host's
// name, of which images that were copied share the first only. The same after a restart.
std::string name_of_machine();

}  // namespace troika
