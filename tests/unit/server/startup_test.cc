#include "server/startup.h"
#include "base/text.h"
#include "server/banner.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "loop/udp_socket.h"
#include "os/bind.h"
#include "support/cert_maker.h"
#include "support/live_server.h"

using namespace troika;
using namespace troika::test;

namespace {

Config on_loopback() {
  Config config;
  config.listen = {must(Address::parse("127.0.0.1:0"))};
  config.tls.certificates = {{test_certificate().cert_file, test_certificate().key_file}};
  config.workers = 2;
  return config;
}

Address free_address(const char* ip) {
  Address address = *Address::parse(ip);
  address.set_port(*free_port({&address, 1}));
  return address;
}

// What start_up() notes about the folder's pages.
std::vector<std::string> notes(const std::string& root, SiteOptions site) {
  Config config = on_loopback();
  serve_files(config) = {root, std::move(site)};
  return must(start_up(config)).warnings;
}

}  // namespace

TEST_CASE("Pages that the options name and the folder lacks are noted at start, not refused") {
  const TemporaryFolder folder;
  const std::string root = folder.path().string();
  SiteOptions site;
  CHECK(notes(root, site).empty());
  site.spa = true;
  site.error_pages = {{404, "errors/404.html"}, {503, "busy"}};
  CHECK(notes(root, site) ==
        std::vector<std::string>{
            "--spa finds no index.html in " + root + ": until it exists, missing pages get 404",
            "--error-page 404: no errors/404.html in " + root +
                "; a short text is sent until it exists",
            "--error-page 503: no busy in " + root + "; a short text is sent until it exists",
        });
  put_file(folder.path() / "index.html", "x");
  put_file(folder.path() / "errors/404.html", "x");
  put_file(folder.path() / "busy", "x");
  CHECK(notes(root, site).empty());
}

TEST_CASE(
    "What will keep clients out is noted at start: a certificate that ends, or one of theirs") {
  const TemporaryFolder folder;
  const TestCa ca;
  const std::string cert = folder.path() / "a.pem", key = folder.path() / "a.key";
  const auto notes_of = [&](const CertSpec& spec) {
    const PemPair pem = ca.make(spec);
    put_file(cert, pem.cert);
    put_file(key, pem.key);
    Config config = on_loopback();
    config.tls.certificates.clear();
    config.tls.certs_folder = folder.path() / ".";
    return must(start_up(config)).warnings;
  };
  CHECK(notes_of({}).empty());
  CHECK(notes_of({.until = -60})[0].contains("expired on"));
  CHECK(notes_of({.names = ""})[0].contains("no host name or address as subjectAltName"));

  const std::string clients = folder.path() / "clients";
  put_file(clients, ca.pem());
  Config config = on_loopback();
  config.tls.client_ca = clients;
  config.tls.client_auth = tls::ClientAuth::required;
  CHECK(must(start_up(config)).warnings ==
        std::vector{"clients must show a certificate of " + clients +
                    " (curl: --cert FILE --key FILE)"});
  put_file(clients, "");
  const auto refused = start_up(config);
  REQUIRE(!refused);
  CHECK(refused.error().contains(clients + " holds no certificate"));
}

TEST_CASE("--congestion is for TCP too, on every listener, and what the kernel refuses is noted") {
  Config config = on_loopback();
  config.plain = {{.address = must(Address::parse("127.0.0.1:0"))}};
  const auto used = [](const Fd& listener) {
    std::string name(16, '\0');
    socklen_t size = 16;
    CHECK(getsockopt(listener.get(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) == 0);
    return std::string(name.c_str());
  };
  const std::string usual = used(must(start_up(config)).workers[0].sockets.secure[0].tcp);
  config.tcp_congestion = "reno";  // every kernel has it, and allows it to everyone
  const Startup reno = must(start_up(config));
  CHECK(reno.warnings.empty());
  for (const WorkerConfig& worker : reno.workers) {
    CHECK(used(worker.sockets.secure[0].tcp) == "reno");
    CHECK(used(worker.sockets.plain[0].tcp) == "reno");
  }
  config.tcp_congestion = "none such";
  const Startup without = must(start_up(config));
  CHECK(used(without.workers[0].sockets.secure[0].tcp) == usual);
  REQUIRE(without.warnings.size() == 1);
  CHECK(without.warnings[0].starts_with("this kernel has no TCP congestion control \"none such\""));
  CHECK(without.warnings[0].ends_with("; TCP connections use the system's"));
}

TEST_CASE("A banner names every certificate and until when it is valid") {
  Config config = on_loopback();
  config.tls.certificates.push_back(config.tls.certificates[0]);
  const auto& files = test_certificate();
  const std::string text = banner(must(start_up(config)));
  const std::string line = "  certificate  " + files.cert_file + ", for localhost, ";
  CHECK(text.contains(line));
  CHECK(text.find(line) != text.rfind(line));
  CHECK(text.contains("valid until " + files.not_after + "\n"));
}

TEST_CASE("A page that is a folder, or a link out of the folder, is as good as none") {
  const TemporaryFolder folder;
  const std::filesystem::path root = folder.path() / "root";
  put_file(folder.path() / "outside.html", "x");
  put_file(root / "inside.html", "x");
  std::filesystem::create_directory(root / "folder");
  std::filesystem::create_symlink("../outside.html", root / "out.html");
  std::filesystem::create_symlink("inside.html", root / "in.html");
  SiteOptions site;
  for (const auto& [path, missing] : {std::pair("folder", true),
                                      {"out.html", true},
                                      {"inside.html/x", true},
                                      {"in.html", false},
                                      {"inside.html", false}}) {
    CAPTURE(path);
    site.error_pages = {{404, path}};
    CHECK(notes(root.string(), site).size() == (missing ? 1 : 0));
  }
}

TEST_CASE("A preferred address gets a socket for each worker, unless a listener has it already") {
  Config config = on_loopback();
  config.quic.preferred_v4 = free_address("127.0.0.2:0");
  {
    const Startup startup = must(start_up(config));
    for (const WorkerConfig& worker : startup.workers) {
      REQUIRE(worker.sockets.preferred_udp.size() == 1);
      CHECK(bound_address(worker.sockets.preferred_udp[0].get()) == config.quic.preferred_v4);
      CHECK(worker.quic.preferred_v4 == config.quic.preferred_v4);
    }
  }
  for (const char* listener : {"127.0.0.2:0", "0.0.0.0:0"}) {
    config.listen = {*Address::parse(listener)};
    config.listen[0].set_port(config.quic.preferred_v4.port());
    const Startup startup = must(start_up(config));
    CHECK(startup.workers[0].sockets.preferred_udp.empty());
    CHECK(startup.workers[1].quic.preferred_v4 == config.quic.preferred_v4);
  }
}

TEST_CASE("A preferred address that this machine has not, or that is taken, is said at start") {
  Config config = on_loopback();
  config.quic.preferred_v4 = *Address::parse("192.0.2.7:443");
  CHECK(start_up(config).error().contains("192.0.2.7 is not an address of this machine"));
  config.quic.preferred_v4 = free_address("127.0.0.2:0");
  const auto other = UdpSocket::bind(config.quic.preferred_v4, {});
  REQUIRE(other);
  CHECK(start_up(config).error().contains("is in use (UDP)"));
}

TEST_CASE("The public port is announced and redirected to; without one, the port that is bound") {
  Config config = on_loopback();
  const auto first = [&] { return std::move(must(start_up(config)).workers.front()); };
  WorkerConfig worker = first();
  const std::uint16_t bound = bound_address(worker.sockets.secure[0].tcp.get()).port();
  CHECK(worker.snapshot.https_port == bound);
  CHECK(worker.sockets.secure[0].alt_svc == formatted("h3=\":{}\"; ma=3600", bound));
  config.public_port = 443;
  worker = first();
  CHECK(worker.snapshot.https_port == 443);
  CHECK(worker.sockets.secure[0].alt_svc == "h3=\":443\"; ma=3600");
  config.announce_http3 = false;
  worker = first();
  CHECK(worker.snapshot.https_port == 443);
  CHECK(worker.sockets.secure[0].alt_svc.empty());
}

TEST_CASE("The banner starts no other program, and says which curl each line takes") {
  const TemporaryFolder folder;
  const std::filesystem::path trace = folder.path() / "started";
  put_file(folder.path() / "curl", "#!/bin/sh\n: >'" + trace.string() + "'\n");
  std::filesystem::permissions(folder.path() / "curl", std::filesystem::perms::owner_all);
  const std::string path = std::getenv("PATH");
  REQUIRE(setenv("PATH", folder.path().c_str(), 1) == 0);
  const std::string text = banner(must(start_up(on_loopback())));
  REQUIRE(setenv("PATH", path.c_str(), 1) == 0);
  CHECK_FALSE(std::filesystem::exists(trace));
  CHECK(text.contains("--http3-only"));
  CHECK(text.ends_with("  (--http3-only needs a curl with HTTP/3: see curl --version)\n"));
}

TEST_CASE("The folder of --qlog has to be there") {
  const TemporaryFolder folder;
  Config config = on_loopback();
  config.log.qlog = folder.path().string();
  const Startup startup = must(start_up(config));
  CHECK(startup.qlog);
  CHECK(startup.workers[1].make_qlog);
  config.log.qlog = (folder.path() / "missing").string();
  CHECK(start_up(config).error().contains("cannot write qlog files into " + config.log.qlog));
}

TEST_CASE("Secrets and logs are not made in the folder that is served") {
  const TemporaryFolder folder;
  put_file(folder.path() / "site/sub/x", "x");
  put_file(folder.path() / "site-2/x", "x");
  std::filesystem::create_directory(folder.path() / "site-2/--qlog");
  // Both lead to a file that is not there yet.
  std::filesystem::create_symlink("site/linked", folder.path() / "link");
  std::filesystem::create_symlink("site/sub", folder.path() / "sub");
  Config config = on_loopback();
  serve_files(config).root = folder.path() / "site/";
  const auto is_empty = [](const std::filesystem::path& path) {
    return std::distance(std::filesystem::directory_iterator(path), {}) == 1;
  };
  for (const auto& [option, file] : {std::pair("--secrets", &config.tls.secrets_file),
                                     {"--keylog", &config.log.keys},
                                     {"--qlog", &config.log.qlog},
                                     {"--access-log", &config.log.access}}) {
    const std::string usual = *file;
    for (const char* inside : {"site/x", "site/sub/x", "site-2/../site/x", "site/.x", "link",
                               "sub/x", "./site/sub/../x"}) {
      CAPTURE(option, inside);
      *file = folder.path() / inside;
      const auto refused = start_up(config);
      REQUIRE(!refused);
      CHECK(refused.error().starts_with(
          formatted("{} {} is inside the served folder ", option, *file)));
    }
    CHECK(is_empty(folder.path() / "site"));
    CHECK(is_empty(folder.path() / "site/sub"));
    *file = folder.path() / "site-2" / option;
    CHECK(start_up(config));
    *file = usual;
  }
}

TEST_CASE("Private keys in the folder that is served: no server, or a note where they are hidden") {
  const TemporaryFolder folder;
  const std::filesystem::path site = folder.path() / "site";
  const PemPair pem = TestCa().make({});
  for (const char* at : {"open", ".hidden", ".well-known"}) {
    put_file(site / at / "a.pem", pem.cert);
    put_file(site / at / "a.key", pem.key);
  }
  std::filesystem::create_symlink(site / "open/a.key", folder.path() / "link.key");
  Config config = on_loopback();
  FilesSpec& files = serve_files(config);
  files.root = site;
  const std::string cert = site / "open/a.pem";
  const auto with_key = [&](const std::filesystem::path& key) {
    config.tls.certificates = {{cert, key}};
    return start_up(config);
  };
  for (const auto& key :
       {site / "open/a.key", site / ".well-known/a.key", folder.path() / "link.key"}) {
    const auto refused = with_key(key);
    REQUIRE(!refused);
    CHECK(refused.error() == "private keys are inside the served folder: move " + key.string() +
                                 " out of " + files.root);
  }
  const auto noted = with_key(site / ".hidden/a.key");
  REQUIRE(noted);
  REQUIRE(noted->warnings.size() == 1);
  CHECK(noted->warnings[0].starts_with("private keys are inside the served folder (" +
                                       (site / ".hidden/a.key").string() + ")"));
  files.options.dotfiles = true;
  CHECK(!with_key(site / ".hidden/a.key"));
  files.options.dotfiles = false;
  config.tls.certificates.clear();
  config.tls.certs_folder = site / "open";
  CHECK(!start_up(config));
  config.tls.certs_folder = site / ".hidden";
  CHECK(must(start_up(config)).warnings.size() == 1);
  config.sites = Config().sites;
  config.tls.certs_folder = site / "open";
  CHECK(must(start_up(config)).warnings.empty());
}

TEST_CASE("A key log that cannot be written is one sentence, and no server") {
  const TemporaryFolder folder;
  Config config = on_loopback();
  for (const auto& path : {folder.path(), folder.path() / "none" / "keys"}) {
    config.log.keys = path;
    const auto refused = start_up(config);
    REQUIRE(!refused);
    CHECK(refused.error().starts_with("cannot write the key log " + config.log.keys));
    CHECK(refused.error().contains("--keylog"));
    CHECK(!refused.error().contains('\n'));
  }
}

TEST_CASE("The banner warns of a key log that was asked for; without asking there is none") {
  const TemporaryFolder folder;
  Config config = on_loopback();
  const Startup without = must(start_up(config));
  CHECK(without.key_log == nullptr);
  CHECK(!banner(without).contains("KEY LOG"));
  config.log.keys = folder.path() / "keys";
  CHECK(banner(must(start_up(config)))
            .contains(config.log.keys + ": EVERYONE WHO READS THIS FILE CAN READ ALL TRAFFIC\n"));
}
