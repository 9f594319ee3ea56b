#include <cstdio>

#include "server/cli.h"
#include "server/server.h"
#include "uv/standard_streams.h"

int main(int argc, char** argv) {
  if (!troika::open_closed_streams()) {
    std::perror("troika: /dev/null");
    return 1;
  }
  auto command = troika::parse_command_line(argc, argv);
  if (const auto* print = std::get_if<troika::PrintAndExit>(&command)) {
    if (print->code == 0) {
      std::fputs(print->text.c_str(), stdout);
    } else {
      std::fprintf(stderr, "troika: %s\n", print->text.c_str());
    }
    return print->code;
  }
  return troika::run_server(std::get<troika::ServeOptions>(command));
}
