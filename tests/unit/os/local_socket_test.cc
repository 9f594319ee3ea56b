#include "os/local_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "unit/os/temp_folder.h"

using namespace troika;

namespace {

constexpr Duration kPatience = std::chrono::seconds(20);

// Accepts one client, reads what it sends and sends `reply`.
std::string serve_one(const Fd& listening, std::string_view reply) {
  Fd client;
  while (!client) client = Fd(accept(listening.get(), nullptr, nullptr));
  char buffer[64];
  const ssize_t count = recv(client.get(), buffer, sizeof buffer, 0);
  CHECK(is_trusted_peer(client.get()));
  CHECK(send(client.get(), reply.data(), reply.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(reply.size()));
  return {buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

}  // namespace

TEST_CASE("A local socket is its owner's alone, and brings a line each way") {
  const TempFolder folder;
  const std::string path = folder / "control.sock";
  const auto listening = listen_locally(path);
  REQUIRE(listening);
  struct stat made{};
  REQUIRE(stat(path.c_str(), &made) == 0);
  CHECK((made.st_mode & 0777U) == 0600);
  std::string heard;
  std::thread server([&] { heard = serve_one(*listening, "ok done\n"); });
  const auto reply = ask_locally(path, "reload", kPatience);
  server.join();
  CHECK(reply == "ok done");
  CHECK(heard == "reload\n");
}

TEST_CASE("A socket that a dead process left is replaced; one of a living process is not") {
  const TempFolder folder;
  const std::string path = folder / "control.sock";
  {
    REQUIRE(listen_locally(path));
  }  // closed, but its file stays
  const auto listening = listen_locally(path);
  REQUIRE(listening);
  CHECK(listen_locally(path).error() ==
        "another server has the control socket " + path + ": choose another place with --control");
}

TEST_CASE("A file that is no socket stays where it is") {
  const TempFolder folder;
  const std::string path = folder / "notes.txt";
  std::ofstream(path) << "mine";
  CHECK(listen_locally(path).error().contains("is there and is no socket"));
  CHECK(std::filesystem::file_size(path) == 4);
}

TEST_CASE("Who asks where nobody answers hears why") {
  const TempFolder folder;
  const std::string path = folder / "control.sock";
  CHECK(ask_locally(path, "status", kPatience).error() ==
        "no server listens at the control socket " + path + ": name its socket with --control");
  const auto listening = listen_locally(path);
  REQUIRE(listening);
  CHECK(ask_locally(path, "status", std::chrono::milliseconds(10)).error() ==
        "the server at " + path + " has not answered in time");
  {
    const Fd gone(accept(listening->get(), nullptr, nullptr));
  }
  std::thread server([&] { serve_one(*listening, "o"); });
  CHECK(ask_locally(path, "status", kPatience).error() ==
        "the server at " + path + " ended before it answered");
  server.join();
  const std::string far = folder / std::string(120, 'x');
  CHECK(listen_locally(far).error() == far + " is too long for a control socket");
}
