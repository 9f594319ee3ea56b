#include "server/startup.h"
#include "server/server.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "loop/udp_socket.h"
#include "os/bind.h"
#include "support/cert_maker.h"
#include "support/live_server.h"

using namespace troika;

namespace {

void write(const std::filesystem::path& path) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << "x";
}

// What start_up() notes about the folder's pages.
std::vector<std::string> notes(const std::string& root, SiteOptions site) {
  ServeOptions options;
  options.root = root;
  options.site = std::move(site);
  options.listen = {test::must(Address::parse("127.0.0.1:0"))};
  options.certificates = {{test::test_certificate().cert_file, test::test_certificate().key_file}};
  return test::must(start_up(options)).warnings;
}

}  // namespace

TEST_CASE("Pages that the options name and the folder lacks are noted at start, not refused") {
  const test::TemporaryFolder folder;
  const std::string root = folder.path().string();
  SiteOptions site;
  CHECK(notes(root, site).empty());
  site.spa = true;
  site.error_pages = {{404, "errors/404.html"}, {503, "busy"}};
  CHECK(notes(root, site) == std::vector<std::string>{
                                 "--spa finds no index.html in " + root +
                                     ": until there is one, pages that are not there are 404",
                                 "--error-page 404 finds no errors/404.html in " + root +
                                     ": until there is one, a short text is sent",
                                 "--error-page 503 finds no busy in " + root +
                                     ": until there is one, a short text is sent",
                             });
  write(folder.path() / "index.html");
  write(folder.path() / "errors/404.html");
  write(folder.path() / "busy");
  CHECK(notes(root, site).empty());
}

TEST_CASE(
    "What will keep clients out is noted at start: a certificate that ends, or one of theirs") {
  const test::TemporaryFolder folder;
  const test::TestCa ca;
  const std::string cert = folder.path() / "a.pem", key = folder.path() / "a.key";
  const auto notes_of = [&](const test::CertSpec& spec) {
    const test::PemPair pem = ca.make(spec);
    test::put_file(cert, pem.cert);
    test::put_file(key, pem.key);
    ServeOptions options;
    options.listen = {test::must(Address::parse("127.0.0.1:0"))};
    options.certs_folder = folder.path() / ".";
    return test::must(start_up(options)).warnings;
  };
  CHECK(notes_of({.until = 15L * 24 * 3600}).empty());
  CHECK(notes_of({.until = 13L * 24 * 3600}).size() == 1);
  CHECK(notes_of({.until = -60})[0].contains("has expired"));
  CHECK(notes_of({.names = ""})[0].contains("no host name or address as subjectAltName"));
  CHECK(notes_of({.usage = "clientAuth"})[0].contains("is not for servers"));

  const std::string clients = folder.path() / "clients";
  test::put_file(clients, ca.pem());
  ServeOptions options;
  options.listen = {test::must(Address::parse("127.0.0.1:0"))};
  options.certificates = {{test::test_certificate().cert_file, test::test_certificate().key_file}};
  options.client_ca = clients;
  options.client_auth = tls::ClientAuth::required;
  CHECK(test::must(start_up(options)).warnings ==
        std::vector{"clients must show a certificate of " + clients +
                    " (curl: --cert FILE --key FILE)"});
  test::put_file(clients, "");
  const auto refused = start_up(options);
  REQUIRE(!refused);
  CHECK(refused.error().contains(clients + " holds no certificate"));
}

TEST_CASE("A banner names every certificate and until when it is valid") {
  ServeOptions options;
  options.listen = {test::must(Address::parse("127.0.0.1:0"))};
  const auto& files = test::test_certificate();
  options.certificates = {{files.cert_file, files.key_file}, {files.cert_file, files.key_file}};
  const std::string text = banner(test::must(start_up(options)));
  const std::string line = "  certificate  " + files.cert_file + ", for localhost, ";
  CHECK(text.contains(line));
  CHECK(text.find(line) != text.rfind(line));
  CHECK(text.contains("valid until " + files.not_after + "\n"));
}

TEST_CASE("A page that is a folder, or a link out of the folder, is as good as none") {
  const test::TemporaryFolder folder;
  const std::filesystem::path root = folder.path() / "root";
  write(folder.path() / "outside.html");
  write(root / "inside.html");
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

namespace {

ServeOptions on_loopback() {
  ServeOptions options;
  options.listen = {test::must(Address::parse("127.0.0.1:0"))};
  options.certificates = {{test::test_certificate().cert_file, test::test_certificate().key_file}};
  options.workers = 2;
  return options;
}

Address free_address(const char* ip) {
  Address address = *Address::parse(ip);
  address.set_port(*free_port({&address, 1}));
  return address;
}

}  // namespace

TEST_CASE("A preferred address gets a socket for each worker, unless a listener has it already") {
  ServeOptions options = on_loopback();
  options.preferred_v4 = free_address("127.0.0.2:0");
  {
    const Startup startup = test::must(start_up(options));
    for (const WorkerConfig& worker : startup.workers) {
      REQUIRE(worker.preferred_udp.size() == 1);
      CHECK(bound_address(worker.preferred_udp[0].get()) == options.preferred_v4);
      CHECK(worker.preferred_v4 == options.preferred_v4);
    }
  }
  for (const char* listener : {"127.0.0.2:0", "0.0.0.0:0"}) {
    options.listen = {*Address::parse(listener)};
    options.listen[0].set_port(options.preferred_v4.port());
    const Startup startup = test::must(start_up(options));
    CHECK(startup.workers[0].preferred_udp.empty());
    CHECK(startup.workers[1].preferred_v4 == options.preferred_v4);
  }
}

TEST_CASE("A preferred address that this machine has not, or that is taken, is said at start") {
  ServeOptions options = on_loopback();
  options.preferred_v4 = *Address::parse("192.0.2.7:443");
  CHECK(start_up(options).error().contains("192.0.2.7 is not an address of this machine"));
  options.preferred_v4 = free_address("127.0.0.2:0");
  const auto other = UdpSocket::bind(options.preferred_v4, {});
  REQUIRE(other);
  CHECK(start_up(options).error().contains("is taken (UDP)"));
}

TEST_CASE("The public port is announced and redirected to; without one, the port that is bound") {
  ServeOptions options = on_loopback();
  const auto first = [&] { return std::move(test::must(start_up(options)).workers.front()); };
  WorkerConfig worker = first();
  const std::uint16_t bound = bound_address(worker.secure[0].tcp.get()).port();
  CHECK(worker.https_port == bound);
  CHECK(worker.secure[0].alt_svc == std::format("h3=\":{}\"; ma=3600", bound));
  options.public_port = 443;
  worker = first();
  CHECK(worker.https_port == 443);
  CHECK(worker.secure[0].alt_svc == "h3=\":443\"; ma=3600");
  options.announce_http3 = false;
  worker = first();
  CHECK(worker.https_port == 443);
  CHECK(worker.secure[0].alt_svc.empty());
}

TEST_CASE("The banner starts no other program, and says which curl each line takes") {
  const test::TemporaryFolder folder;
  const std::filesystem::path trace = folder.path() / "started";
  test::put_file(folder.path() / "curl", "#!/bin/sh\n: >'" + trace.string() + "'\n");
  std::filesystem::permissions(folder.path() / "curl", std::filesystem::perms::owner_all);
  const std::string path = std::getenv("PATH");
  REQUIRE(setenv("PATH", folder.path().c_str(), 1) == 0);
  const std::string text = banner(test::must(start_up(on_loopback())));
  REQUIRE(setenv("PATH", path.c_str(), 1) == 0);
  CHECK_FALSE(std::filesystem::exists(trace));
  CHECK(text.contains("--http3-only"));
  CHECK(text.ends_with("  (--http3-only takes a curl that has HTTP/3, as curl --version tells)\n"));
}

TEST_CASE("The folder of --qlog has to be there, and out of what is served") {
  const test::TemporaryFolder folder;
  ServeOptions options = on_loopback();
  options.qlog = folder.path().string();
  CHECK(test::must(start_up(options)).qlog);
  options.qlog = (folder.path() / "missing").string();
  CHECK(start_up(options).error().contains("cannot write qlog files into " + options.qlog));
  write(folder.path() / "site/logs/x");
  write(folder.path() / "site-logs/x");
  options.root = (folder.path() / "site").string();
  for (const char* inside : {"site", "site/logs", "site/../site/logs"}) {
    options.qlog = (folder.path() / inside).string();
    CHECK(start_up(options).error().contains("which is served"));
  }
  options.qlog = (folder.path() / "site-logs").string();
  CHECK(test::must(start_up(options)).workers[1].make_qlog);
}

TEST_CASE("Secrets and logs are not made in the folder that is served") {
  const test::TemporaryFolder folder;
  write(folder.path() / "site/sub/x");
  write(folder.path() / "site-2/x");
  // Both lead to a file that is not there yet.
  std::filesystem::create_symlink("site/linked", folder.path() / "link");
  std::filesystem::create_symlink("site/sub", folder.path() / "sub");
  ServeOptions options = on_loopback();
  options.root = folder.path() / "site/";
  const auto is_empty = [](const std::filesystem::path& path) {
    return std::distance(std::filesystem::directory_iterator(path), {}) == 1;
  };
  for (const auto& [option, file] : {std::pair("--secrets", &ServeOptions::secrets_file),
                                     {"--keylog", &ServeOptions::key_log},
                                     {"--access-log", &ServeOptions::access_log}}) {
    for (const char* inside : {"site/x", "site/sub/x", "site-2/../site/x", "site/.x", "link",
                               "sub/x", "./site/sub/../x"}) {
      CAPTURE(option, inside);
      options.*file = folder.path() / inside;
      const auto refused = start_up(options);
      REQUIRE(!refused);
      CHECK(refused.error().starts_with(std::format("{} {} lies in ", option, options.*file)));
    }
    CHECK(is_empty(folder.path() / "site"));
    CHECK(is_empty(folder.path() / "site/sub"));
    options.*file = folder.path() / "site-2" / option;
    CHECK(start_up(options));
    options.*file = ServeOptions().*file;
  }
}

TEST_CASE("Private keys in the folder that is served: no server, or a note where they are hidden") {
  const test::TemporaryFolder folder;
  const std::filesystem::path site = folder.path() / "site";
  const test::PemPair pem = test::TestCa().make({});
  for (const char* at : {"open", ".hidden", ".well-known"}) {
    test::put_file(site / at / "a.pem", pem.cert);
    test::put_file(site / at / "a.key", pem.key);
  }
  std::filesystem::create_symlink(site / "open/a.key", folder.path() / "link.key");
  ServeOptions options = on_loopback();
  options.root = site;
  const std::string cert = site / "open/a.pem";
  const auto with_key = [&](const std::filesystem::path& key) {
    options.certificates = {{cert, key}};
    return start_up(options);
  };
  for (const auto& key :
       {site / "open/a.key", site / ".well-known/a.key", folder.path() / "link.key"}) {
    const auto refused = with_key(key);
    REQUIRE(!refused);
    CHECK(refused.error() == "private keys lie in the folder that is served: " + key.string() +
                                 " is in " + options.root + ", move it out");
  }
  const auto noted = with_key(site / ".hidden/a.key");
  REQUIRE(noted);
  REQUIRE(noted->warnings.size() == 1);
  CHECK(noted->warnings[0].starts_with("private keys lie in the folder that is served (" +
                                       (site / ".hidden/a.key").string() + ")"));
  options.site.dotfiles = true;
  CHECK(!with_key(site / ".hidden/a.key"));
  options.site.dotfiles = false;
  options.certificates.clear();
  options.certs_folder = site / "open";
  CHECK(!start_up(options));
  options.certs_folder = site / ".hidden";
  CHECK(test::must(start_up(options)).warnings.size() == 1);
  options.root.clear();
  options.certs_folder = site / "open";
  CHECK(test::must(start_up(options)).warnings.empty());
}
