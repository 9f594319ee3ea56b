// A fixed input through the server's sessions, in memory, for callgrind to count instructions;
// see bench/instructions.sh.
#include <cstdint>
#include <cstdio>

#include "bench/instructions/client.h"
#include "bench/instructions/counted.h"
#include "bench/instructions/site.h"
#include "tools/cli/command_line.h"

namespace troika::instructions {
namespace {

std::unique_ptr<Client> make_client(std::string_view protocol, Site& site) {
  if (protocol == "match") return make_matcher();
  if (protocol == "h1") return make_h1_client(site);
  return protocol == "h2" ? make_h2_client(site) : make_h3_client(site);
}

int run(std::string_view protocol, std::size_t bytes, unsigned warm_up, unsigned requests,
        bool log) {
  Site site(bytes, log);
  const auto client = make_client(protocol, site);
  for (unsigned i = 0; i < warm_up; ++i) client->get();
  counting = true;
  std::size_t content = 0;
  for (unsigned i = 0; i < requests; ++i) content += client->get();
  counting = false;
  if (protocol == "match" || content == bytes * requests) return 0;
  std::fprintf(stderr, "instructions: %zu bytes came instead of %zu\n", content, bytes * requests);
  return 1;
}

}  // namespace
}  // namespace troika::instructions

int main(int argc, char** argv) {
  CLI::App app("Requests to the server's sessions, in memory, for callgrind to count.",
               "instructions");
  std::string protocol = "h1";
  std::size_t bytes = 1024;
  unsigned warm_up = 50, requests = 500;
  bool log = false;
  troika::cli::add_value(app, "protocol", "h1, h2, h3 or match", "of the client", [&](auto value) {
    protocol = value;
    return value == "match" || value == "h1" || value == "h2" || value == "h3";
  });
  troika::cli::add_number(app, "--bytes", bytes, 0, 1U << 30U, "of the file");
  troika::cli::add_number(app, "--warm-up", warm_up, 1, 1'000'000, "requests before counting");
  troika::cli::add_number(app, "--requests", requests, 1, 1'000'000, "that are counted");
  app.add_flag("--log", log, "with an access log, to /dev/null");
  if (const auto parsed = troika::cli::parse(app, argc, argv); !parsed) {
    return troika::cli::end(parsed.error(), "instructions");
  }
  return troika::instructions::run(protocol, bytes, warm_up, requests, log);
}
