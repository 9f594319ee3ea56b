// fetch --connect NAME:PORT [options] PATH...: the project's own client for people and for
// ./dev interop; see fetch --help.
#include <csignal>
#include <cstdio>
#include <string>

#include "tools/fetch/options.h"
#include "tools/fetch/report.h"
#include "tools/fetch/visit.h"

using namespace troika;

namespace {

int complain(const std::string& sentence) {
  std::fprintf(stderr, "fetch: %s\n", sentence.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const auto options = fetch::parse_options(words);
  if (!options) return cli::end(options.error(), "fetch");
  std::signal(SIGPIPE, SIG_IGN);  // a server that closes early is an error code of write()
  const auto outcome = fetch::visit(*options);
  if (!outcome) return complain(outcome.error());
  std::puts((options->json ? json_line(*outcome) : text(*outcome)).c_str());
  return 0;
}
