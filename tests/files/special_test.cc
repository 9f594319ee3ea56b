// What has a name and is no file: nothing waits for it, and nothing is sent of it.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "base/text.h"
#include "files/ground.h"

using namespace troika;
using namespace troika::files;
using parity::Answer;
using parity::Ask;

namespace {

constexpr Duration kSoon = std::chrono::seconds(5);

struct SpecialSite {
  SpecialSite() {
    ground.write("inside.txt", "inside");
    ground.write("side.js", std::string(2000, 'x'));
    ground.set_day("side.js", 0);
    for (const char* const name : {"pipe", "pipes/index.html", "side.js.br", "page.html"}) {
      REQUIRE(ground.special(name, S_IFIFO));
    }
    ground.link("pipe-link", "pipe");
    REQUIRE(ground.special("socket", S_IFSOCK));
    ground.folder("folders/index.html");
    ground.folder("side.js.zst");
    ground.folder("clean.html");
    devices = ground.special("null", S_IFCHR, makedev(1, 3)) &&
              ground.special("zero", S_IFCHR, makedev(1, 5)) &&
              ground.special("disk", S_IFBLK, makedev(7, 200)) &&
              ground.special("nobody", S_IFCHR, makedev(240, 77));
    listen();
  }
  SpecialSite(const SpecialSite&) = delete;
  SpecialSite& operator=(const SpecialSite&) = delete;
  ~SpecialSite() { ::close(listening); }

  // A socket that somebody listens on, too.
  void listen() {
    listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    const std::string path = ground.at("listening").string();
    REQUIRE(path.size() < sizeof address.sun_path);
    std::ranges::copy(path, address.sun_path);
    REQUIRE(::bind(listening, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listening, 1) == 0);
  }

  Ground ground;
  bool devices = false;
  int listening = -1;
};

SiteOptions options_of(bool everything) {
  if (!everything) return {};
  SiteOptions options{.listing = true, .spa = false, .clean_urls = true, .dotfiles = true};
  options.error_pages = {{404, "pipe"}};
  return options;
}

// Runs `check` with a server of no options and with one of all, over each protocol.
void over_each(const SpecialSite& site, const std::function<void(parity::Asker&, bool)>& check) {
  test::LiveClient client;
  for (const bool everything : {false, true}) {
    const auto server = serve(site.ground.root(), options_of(everything));
    for (const auto& [protocol, over] : kProtocols) {
      INFO(over << (everything ? " with all options" : ""));
      parity::Asker asker(*client, {.protocol = protocol,
                                    .address = server->address,
                                    .host = "localhost",
                                    .at_once = 50,
                                    .answer_within = kSoon});
      check(asker, everything);
    }
  }
}

}  // namespace

TEST_CASE("Pipes, sockets, devices and folders in place of files are 404, and hold nothing up") {
  const SpecialSite site;
  if (!site.devices) WARN("no devices: this user may not make them");
  std::vector<std::string> targets{"/pipe",
                                   "/pipe-link",
                                   "/pipes/index.html",
                                   "/page.html",
                                   "/socket",
                                   "/listening",
                                   "/inside.txt/",
                                   "/pipe/",
                                   "/pipe/x",
                                   "/side.js.br",
                                   "/page",
                                   "/socket/",
                                   "/folders/index.html/nothing"};
  if (site.devices) {
    targets.insert(targets.end(), {"/null", "/zero", "/disk", "/nobody", "/zero/", "/null/x"});
  }
  over_each(site, [&](parity::Asker& asker, bool) {
    for (const char* const method : {"GET", "HEAD"}) {
      std::vector<Ask> asks;
      for (const std::string& target : targets) {
        asks.push_back({.method = method, .target = target});
      }
      const std::vector<Answer> answers = asker.ask(asks);
      for (std::size_t i = 0; i < asks.size(); ++i) {
        INFO(method << " " << targets[i]);
        CHECK(answers[i].failure == "");
        CHECK(answers[i].status == 404);
      }
    }
  });
}

TEST_CASE("A pipe or folder is no index, precompressed file, error page or clean URL") {
  const SpecialSite site;
  over_each(site, [](parity::Asker& asker, bool everything) {
    const auto status = [&](const char* target) { return asker.ask({.target = target}).status; };
    // Without their index they are listed, or not there.
    CHECK(status("/pipes/") == (everything ? 200 : 404));
    CHECK(status("/folders/") == (everything ? 200 : 404));
    CHECK(status("/clean") == 404);
    const Answer script = asker.ask(
        {.target = "/side.js", .fields = {{"accept-encoding", "br, zstd;q=0.9, identity;q=0.8"}}});
    CHECK(script.status == 200);
    // Compressed here and now: the tag is that of a live coder.
    CHECK(std::ranges::any_of(script.fields, [](const auto& field) {
      return field.first == "etag" && field.second.ends_with("+br\"");
    }));
    CHECK(asker.ask({.target = "/side.js"}).body == std::string(2000, 'x'));
    if (!everything) return;
    const Answer list = asker.ask({.target = "/", .fields = {{"accept", "application/json"}}});
    CHECK(list.status == 200);
    CHECK(list.body.contains("\"inside.txt\""));
    for (const char* const name :
         {"pipe", "pipe-link", "page.html", "side.js.br", "socket", "listening", "zero", "disk"}) {
      INFO(name);
      CHECK(!list.body.contains(formatted("\"{}\"", name)));
    }
  });
}
