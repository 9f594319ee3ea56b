#include <chrono>
#include <cstdio>
#include <new>
#include <system_error>

#include "bench/run.h"
#include "config/cli.h"
#include "config/print_config.h"
#include "loop/signals.h"
#include "os/process.h"
#include "server/check.h"
#include "server/control_command.h"
#include "server/library_floor.h"
#include "server/server.h"

namespace {

int leave(const troika::PrintAndExit& print) {
  if (print.code == 0) {
    std::fputs(print.text.c_str(), stdout);
  } else {
    std::fprintf(stderr, "troika: %s\n", print.text.c_str());
  }
  return print.code;
}

int run(int argc, char** argv) {
  auto command = troika::parse_command_line(argc, argv, troika::version_text());
  if (const auto* print = std::get_if<troika::PrintAndExit>(&command)) return leave(*print);
  if (const auto* config = std::get_if<troika::ConfigCommand>(&command)) {
    return leave(troika::run_config(*config));
  }
  if (const auto* check = std::get_if<troika::CheckCommand>(&command)) {
    const troika::CheckReport report = troika::check(*check, std::chrono::system_clock::now());
    std::fputs(report.text.c_str(), stdout);
    return report.code;
  }
  if (const auto* bench = std::get_if<troika::BenchCommand>(&command)) {
    return troika::bench::run(bench->words);
  }
  if (const auto* control = std::get_if<troika::ControlCommand>(&command)) {
    return troika::tell_server(*control);
  }
  const auto& serve = std::get<troika::ServeCommand>(command);
  // A folder that somebody tries out needs no socket; what a file says is there to be changed.
  const auto control = serve.line.file.empty() ? "" : troika::usual_control_socket();
  return troika::run_server(
      serve.config, [line = serve.line] { return troika::read_again(line); }, control.value_or(""));
}

}  // namespace

int main(int argc, char** argv) {
  if (!troika::open_closed_streams()) {
    std::perror("troika: /dev/null");
    return 1;
  }
  troika::catch_signals();
  troika::end_without_memory();
  std::error_code error;
  try {
    return run(argc, argv);
  } catch (const std::system_error& thrown) {
    error = thrown.code();
  } catch (const std::bad_alloc&) {  // of a library that has its own memory
    error = std::make_error_code(std::errc::not_enough_memory);
  }
  std::fprintf(stderr, "troika: %s\n", troika::shortage_text(error).c_str());
  return 1;
}
