#include "loop/control_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <future>

#include "os/local_socket.h"
#include "unit/os/temp_folder.h"

using namespace troika;

namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

struct Rig {
  // What comes back, asked from another thread as another process would.
  std::string ask(const std::string& line) {
    auto reply = std::async(std::launch::async, [&] { return ask_locally(path, line, kPatience); });
    REQUIRE(loop.run_until(
        [&] { return reply.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready; },
        kPatience));
    const auto got = reply.get();
    return got ? *got : got.error();
  }
  Fd connect() const {
    Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un to{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    return fd;
  }

  TempFolder folder;
  std::string path = folder / "control.sock";
  Loop loop;
  ControlSocket::Reply later;
  ControlSocket control{loop, std::move(*listen_locally(path)), path,
                        [this](std::string_view word, ControlSocket::Reply reply) {
                          if (word == "later") {
                            later = std::move(reply);
                            return;
                          }
                          reply({word != "bad", "heard " + std::string(word)});
                        }};
};

}  // namespace

TEST_CASE("A command gets one line back, at once or later") {
  Rig rig;
  CHECK(rig.ask("status") == "ok heard status");
  CHECK(rig.ask("bad") == "error heard bad");
  CHECK(rig.ask(std::string(ControlSocket::kMostCommand - 1, 'x')).starts_with("ok heard xxx"));
  CHECK(rig.ask(std::string(ControlSocket::kMostCommand + 1, 'x')) ==
        "error the command is too long");
}

TEST_CASE("Whoever goes before the reply disturbs nobody") {
  Rig rig;
  {
    const Fd client = rig.connect();
    CHECK(send(client.get(), "later\n", 6, MSG_NOSIGNAL) == 6);
    REQUIRE(rig.loop.run_until([&] { return static_cast<bool>(rig.later); }, kPatience));
  }
  rig.later({true, "too late"});
  CHECK(rig.ask("status") == "ok heard status");
}

TEST_CASE("As many clients as may be there at a time; more wait until one has gone") {
  Rig rig;
  std::vector<Fd> idle;
  for (std::size_t i = 0; i < ControlSocket::kMostClients; ++i) idle.push_back(rig.connect());
  rig.loop.run_until([] { return false; }, std::chrono::milliseconds(20));
  auto reply =
      std::async(std::launch::async, [&] { return ask_locally(rig.path, "status", kPatience); });
  const auto answered = [&] {
    return reply.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready;
  };
  CHECK(!rig.loop.run_until(answered, std::chrono::milliseconds(50)));
  idle.pop_back();
  CHECK(rig.loop.run_until(answered, kPatience));
  CHECK(reply.get() == "ok heard status");
}

TEST_CASE("The file of the socket goes with it") {
  std::string path;
  const TempFolder folder;
  {
    const Rig rig;
    path = rig.path;
    CHECK(std::filesystem::exists(path));
  }
  CHECK(!std::filesystem::exists(path));
}
