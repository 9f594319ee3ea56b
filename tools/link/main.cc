// link --client COMMAND ...: two programs and a network between them; see link --help.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <optional>
#include <string>

#include "base/text.h"
#include "tools/cli/values.h"
#include "tools/link/ends.h"
#include "tools/link/link.h"
#include "tools/link/options.h"
#include "tools/link/processes.h"
#include "tools/network/path_options.h"

using namespace troika;

namespace {

// For the server, and for a client that is told to end.
constexpr Duration kPatience = std::chrono::seconds(5);

void say(const std::string& text) { std::fputs(text.c_str(), stderr); }

int complain(const std::string& sentence) {
  say("link: " + sentence + "\n");
  return 1;
}

class Run {
 public:
  Run(Loop& loop, const link::Options& options, const link::End& client, const link::End& server)
      : loop_(loop),
        options_(options),
        client_space_(client.space.get()),
        server_space_(server.space.get()),
        link_(loop, options, client.device.get(), server.device.get()),
        children_(
            loop, [this](pid_t pid, int code) { on_end(pid, code); },
            [this] { give_up("it was told to end"); }),
        limit_(loop.timers(), [this] { give_up("its time is over (--for)"); }),
        patience_(loop.timers(), [this] { loop_.stop(); }) {}

  int run() {
    if (!options_.server.empty()) {
      const auto server = link::start(options_.server, server_space_, link::Group::own);
      if (!server) return complain(server.error());
      server_ = *server;
    }
    const auto client = link::start(options_.client, client_space_, link::Group::ours);
    if (!client) return complain(client.error());
    client_ = *client;
    limit_.set(loop_.clock().now() + options_.length);
    loop_.run();
    report();
    return code_;
  }

 private:
  enum class Stage : std::uint8_t { client_runs, given_up, client_ended };

  void on_end(pid_t pid, int code) {
    if (pid == client_) {
      client_.reset();
      if (stage_ == Stage::client_runs) code_ = code;
      stage_ = Stage::client_ended;
      if (server_) {
        ::kill(-*server_, SIGTERM);
        patience_.set(loop_.clock().now() + kPatience);
      } else {
        loop_.stop();
      }
    } else if (pid == server_) {
      server_.reset();
      if (stage_ == Stage::client_ended) {
        loop_.stop();
      } else {
        complain(formatted("the server has ended before the client, with exit code {}", code));
      }
    }
  }

  void give_up(const char* why) {
    if (stage_ != Stage::client_runs) return;
    stage_ = Stage::given_up;
    code_ = complain(why);
    ::kill(*client_, SIGTERM);
    patience_.set(loop_.clock().now() + kPatience);
  }

  void report() const {
    say(network::table("packets", link_.up(), link_.down()));
    say(formatted("passed on {} after their time on average, {} at most\n",
                  cli::text_of(link_.mean_lag()), cli::text_of(link_.longest_lag())));
  }

  Loop& loop_;
  const link::Options& options_;
  int client_space_, server_space_;
  link::Link link_;
  link::Children children_;
  Timer limit_, patience_;
  std::optional<pid_t> client_, server_;  // while they run
  Stage stage_ = Stage::client_runs;
  int code_ = 1;
};

int run(const link::Options& options) {
  const auto server = link::make_end(link::kServerAddress, link::kClientAddress, options.tcp);
  if (!server) return complain(server.error());
  const auto client = link::make_end(link::kClientAddress, link::kServerAddress, options.tcp);
  if (!client) return complain(client.error());
  Loop loop;
  return Run(loop, options, *client, *server).run();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  const auto options = link::parse_options(words);
  if (!options) return cli::end(options.error(), "link");
  const auto code = link::run_inside([&] { return run(*options); });
  return code ? *code : complain(code.error());
}
