#include "os/machine.h"

#include <unistd.h>

#include <array>
#include <climits>
#include <fstream>

namespace troika {

std::string name_of_machine() {
  std::string id;
  std::getline(std::ifstream("/etc/machine-id"), id);  // empty where there is none
  std::array<char, HOST_NAME_MAX + 1> host{};
  static_cast<void>(!gethostname(host.data(), host.size() - 1));
  return id + ' ' + host.data();
}

}  // namespace troika
