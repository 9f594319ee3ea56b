// The program itself, as its user starts and ends it.
#include <fcntl.h>
#include <spawn.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "os/fd.h"
#include "ports/address.h"
#include "support/file_text.h"
#include "test_paths.h"
#include "tools/rig/temporary_folder.h"
#include "unit/os/channels.h"

namespace troika {
namespace {

using test::file_text;

// `troika serve` with a folder of its own as its home, on ports that the kernel chooses.
class Program {
 public:
  explicit Program(std::vector<std::string> options) {
    options.insert(options.begin(), {"troika", "serve", "--listen", "127.0.0.1:0", "--http",
                                     "127.0.0.1:0", "--workers", "1"});
    const std::string home = "HOME=" + folder_.path().string();
    std::vector<char*> words, environment{const_cast<char*>(home.c_str())};
    for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
    for (std::string& option : options) words.push_back(option.data());
    words.push_back(nullptr);
    environment.push_back(nullptr);
    posix_spawn_file_actions_t streams;
    posix_spawn_file_actions_init(&streams);
    posix_spawn_file_actions_addopen(&streams, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&streams, errors_.in.get(), 2);
    REQUIRE(posix_spawn(&pid_, TROIKA_BINARY_DIR "/troika", &streams, nullptr, words.data(),
                        environment.data()) == 0);
    posix_spawn_file_actions_destroy(&streams);
    errors_.in = Fd();
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() {
    if (ended_) return;
    kill(pid_, SIGKILL);
    code();
  }

  // What it has said on standard error, which is read until `text` or the end.
  const std::string& said(std::string_view text) {
    char byte = 0;
    while (!said_.contains(text) && ::read(errors_.out.get(), &byte, 1) == 1) said_ += byte;
    return said_;
  }
  void signal(int number) const { REQUIRE(kill(pid_, number) == 0); }
  int code() {
    int status = 0;
    ended_ = waitpid(pid_, &status, 0) == pid_;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  // A response to a request without TLS.
  std::string get(const std::string& target) {
    constexpr std::string_view kPlain = "without TLS  127.0.0.1:";
    const std::string& text = said("Try it");
    const std::string port = text.substr(text.find(kPlain) + kPlain.size(), 5);
    const Address server = Address::v4(0x7f000001, static_cast<std::uint16_t>(std::stoul(port)));
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(socket.get(), server.get(), server.size()) == 0);
    const std::string request =
        "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    REQUIRE(::write(socket.get(), request.data(), request.size()) ==
            static_cast<ssize_t>(request.size()));
    std::string response;
    char byte = 0;
    while (::read(socket.get(), &byte, 1) == 1) response += byte;
    return response;
  }

 private:
  rig::TemporaryFolder folder_;
  test::Pipe errors_;
  std::string said_;
  pid_t pid_ = 0;
  bool ended_ = false;
};

// A folder in which a program writes; made before it starts, so that nothing is missed.
class Watched {
 public:
  Watched() {
    REQUIRE(inotify_add_watch(changes_.get(), folder_.path().c_str(), IN_CREATE | IN_MODIFY) >= 0);
  }
  std::filesystem::path operator/(const char* name) const { return folder_.path() / name; }
  void until(const std::function<bool()>& done) const {
    std::array<char, 4096> events{};
    while (!done()) REQUIRE(::read(changes_.get(), events.data(), events.size()) > 0);
  }
  void until_holds(const std::filesystem::path& file, std::string_view text) const {
    until([&] { return file_text(file).contains(text); });
  }

 private:
  rig::TemporaryFolder folder_;
  Fd changes_{inotify_init1(IN_CLOEXEC)};
};

TEST_CASE("The program says where it serves, opens its logs again, and ends when asked to") {
  const rig::TemporaryFolder site;
  const Watched logs;
  const std::filesystem::path log = logs / "access.log";
  std::ofstream(site.path() / "a.txt") << "hello";
  Program program(
      {site.path().string(), "--access-log", log.string(), "--keylog", (logs / "keys").string()});
  CHECK(program.said("Try it").starts_with("Troika "));
  CHECK(program.said("Try it").contains("EVERYONE WHO READS THIS FILE"));
  CHECK(program.get("/a.txt").ends_with("\r\n\r\nhello"));
  logs.until_holds(log, " GET /a.txt 200 5 ");
  std::filesystem::rename(log, logs / "old.log");
  program.signal(SIGHUP);
  logs.until([&] { return exists(log); });
  CHECK(program.get("/b.txt").starts_with("HTTP/1.1 404 "));
  logs.until_holds(log, " GET /b.txt 404 ");
  program.signal(SIGTERM);
  CHECK(program.code() == 0);
  CHECK_THAT(program.said("again to stop"),
             Catch::Matchers::ContainsSubstring("troika: stopping; waiting for "));
}

TEST_CASE("What keeps the program from serving is one sentence, and the exit code is 1") {
  struct Row {
    std::vector<std::string> options;
    const char* sentence;
  };
  for (const Row& row : {
           Row{{"--nonsense"}, "troika: unknown option --nonsense; see troika serve --help\n"},
           Row{{"/nowhere/at/all"},
               "troika: the folder /nowhere/at/all does not exist: create it, or serve another "
               "one\n"},
           Row{{"--access-log", "/nowhere/access.log"},
               "troika: cannot write the access log /nowhere/access.log: No such file or "
               "directory; choose another file with --access-log, or \"off\"\n"},
       }) {
    Program program(row.options);
    CHECK(program.said("more than that") == row.sentence);
    CHECK(program.code() == 1);
  }
}

}  // namespace
}  // namespace troika
