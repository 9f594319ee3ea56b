#include "server/control_command.h"

#include <cstdio>
#include <cstdlib>

#include "certs/dev_ca.h"
#include "os/local_socket.h"

namespace troika {
namespace {

constexpr Duration kPatience = std::chrono::minutes(2);  // many certificates take their time

int complain(const std::string& sentence) {
  std::fprintf(stderr, "troika: %s\n", sentence.c_str());
  return 1;
}

}  // namespace

Checked<std::string> usual_control_socket() {
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime == '/') return std::string(runtime) + "/troika.sock";
  const auto state = default_state_folder();
  if (!state) return std::unexpected(state.error());
  return (*state / "control.sock").string();
}

int tell_server(const ControlCommand& command) {
  std::string path = command.socket;
  if (path.empty()) {
    auto usual = usual_control_socket();
    if (!usual) return complain(usual.error());
    path = std::move(*usual);
  }
  const auto reply = ask_locally(path, command.word, kPatience);
  if (!reply) return complain(reply.error());
  const std::size_t space = reply->find(' ');
  const std::string text = space == std::string::npos ? *reply : reply->substr(space + 1);
  if (!reply->starts_with("ok")) return complain(text);
  std::printf("%s\n", text.c_str());
  return 0;
}

}  // namespace troika
