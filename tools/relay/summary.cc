#include "tools/relay/summary.h"

#include "base/text.h"

namespace troika::relay {

std::string text_of(const Summary& summary) {
  std::string text = network::table("datagrams", summary.up, summary.down);
  text += formatted("{} clients, {} port changes, {} address changes\n", summary.clients,
                    summary.port_changes, summary.address_changes);
  if (summary.refused != 0) {
    text += formatted("{} datagrams of further clients were refused\n", summary.refused);
  }
  if (summary.foreign != 0) {
    text += formatted("{} datagrams were not from the server\n", summary.foreign);
  }
  if (summary.failed_changes != 0) {
    text += formatted("{} changes failed: no socket could be had\n", summary.failed_changes);
  }
  return text;
}

}  // namespace troika::relay
