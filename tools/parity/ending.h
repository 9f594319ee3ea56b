#pragma once
#include "tools/parity/asker.h"

namespace troika::parity {

// Whether a connection to this server may end as it did.
bool may_end(client::Protocol protocol, const Asker::Ending& ending);

std::string describe(const Asker::Ending& ending, std::string_view protocol,
                     std::string_view profile, std::string_view authority);

}  // namespace troika::parity
