// Certificates whose files change, without workers.
#include "server/certificate_store.h"
#include "base/text.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>

#include "certs/dev_ca.h"
#include "certs/private_files.h"
#include "support/cert_maker.h"
#include "support/live_server.h"

using namespace troika;
using namespace troika::test;

namespace {

using Lines = std::vector<std::string>;
constexpr auto kDay = std::chrono::hours(24);

// Real wall time at its start, since OpenSSL makes the certificates of the tests by it.
class MovedClock final : public Clock {
 public:
  TimePoint now() const noexcept override { return TimePoint(moved); }
  WallTime wall() const noexcept override {
    return start_ + std::chrono::duration_cast<WallTime::duration>(moved);
  }
  Duration moved{};

 private:
  WallTime start_ = std::chrono::system_clock::now();
};

struct Desk {
  Desk() {
    put("one", ca.make({.names = "DNS:one.example"}));
    put("two", ca.make({.names = "DNS:two.example"}));
  }
  void put(const std::string& name, const PemPair& pem) const {
    put_file(file(name + ".pem"), pem.cert);
    put_file(file(name + ".key"), pem.key);
  }
  std::filesystem::path file(const std::string& name) const { return folder.path() / name; }

  MovedClock clock;
  TemporaryFolder folder;
  TestCa ca;
};

// With a keeper that has looked at its files once.
struct Kept : Desk {
  Kept() { keeper.look(); }
  CertificateKeeper keeper{clock, must(load_all({{}, folder.path().string(), ""}))};
};

// The local CA's certificate, and its keeper.
struct LocalCa {
  TemporaryFolder folder;
  MovedClock clock;
  DevCertificate made = must(ensure_dev_certificate(folder.path(), {}, clock.wall()));
  CertificateKeeper keeper{
      clock, must(load_all({{{made.cert_file, made.key_file}}, "", folder.path().string()}))};
};

bool is_quiet(const CertificateKeeper::Seen& seen) {
  return seen.changed == nullptr && seen.lines.empty();
}

std::string date(WallTime time) {
  return formatted("{:%F}", std::chrono::floor<std::chrono::days>(time));
}

}  // namespace

TEST_CASE("nothing is said or changed while the files stay as they are, or are only touched") {
  Kept desk;
  for (int i = 0; i < 4; ++i) {
    CHECK(is_quiet(desk.keeper.look()));
    std::filesystem::last_write_time(desk.file("one.pem"),
                                     std::filesystem::file_time_type::clock::now());
  }
}

TEST_CASE("a new pair in its files is taken at the next look, and told once") {
  Kept desk;
  desk.put("two", desk.ca.make({.names = "DNS:two.example,DNS:three.example"}));
  const auto seen = desk.keeper.look();
  REQUIRE(seen.changed != nullptr);
  CHECK(seen.changed->choose("three.example")[0]->names.size() == 2);
  CHECK(seen.lines == Lines{"new certificates: two.example, three.example until " +
                            date(seen.changed->identities()[1].not_after)});
  for (int i = 0; i < 3; ++i) CHECK(is_quiet(desk.keeper.look()));
}

TEST_CASE("pairs that come into the folder and leave it are seen") {
  Kept desk;
  desk.put("new", desk.ca.make({.names = "DNS:new.example"}));
  auto seen = desk.keeper.look();
  REQUIRE(seen.changed != nullptr);
  CHECK(seen.changed->identities().size() == 3);
  desk.keeper.look();
  std::filesystem::remove(desk.file("new.pem"));
  std::filesystem::remove(desk.file("new.key"));
  seen = desk.keeper.look();
  REQUIRE(seen.changed != nullptr);
  CHECK(seen.changed->identities().size() == 2);
  CHECK(seen.lines == Lines{"new certificates: 1 removed"});
}

TEST_CASE("a mismatched pair changes nothing and is told once, until something changes again") {
  Kept desk;
  const PemPair fresh = desk.ca.make({.names = "DNS:two.example"});
  put_file(desk.file("two.pem"), fresh.cert.substr(0, 200));
  CHECK(is_quiet(desk.keeper.look()));  // it may be written just now
  put_file(desk.file("two.pem"), fresh.cert);
  CHECK(is_quiet(desk.keeper.look()));  // the key may be on its way
  const Lines complaint{"certificates not changed: The key in " + desk.file("two.key").string() +
                        " does not belong to the first certificate in " +
                        desk.file("two.pem").string() + ": give the two files of one pair."};
  auto seen = desk.keeper.look();
  CHECK(seen.changed == nullptr);
  CHECK(seen.lines == complaint);
  for (int i = 0; i < 3; ++i) CHECK(desk.keeper.look().lines.empty());
  put_file(desk.file("two.pem"), desk.ca.make({}).cert);
  desk.keeper.look();
  CHECK(desk.keeper.look().lines == complaint);
  put_file(desk.file("two.pem"), fresh.cert);
  put_file(desk.file("two.key"), fresh.key);
  seen = desk.keeper.look();
  CHECK(seen.changed != nullptr);
  CHECK(seen.lines.size() == 1);
}

TEST_CASE("files that are gone, or that no client could use, change nothing and are told") {
  for (const bool gone : {true, false}) {
    Kept desk;
    if (gone) {
      std::filesystem::remove(desk.file("two.key"));
    } else {
      desk.put("two", desk.ca.make({.names = "DNS:two.example", .key = "secp256k1"}));
    }
    CHECK(desk.keeper.look().changed == nullptr);
    const auto seen = desk.keeper.look();
    CHECK(seen.changed == nullptr);
    REQUIRE(seen.lines.size() == 1);
    CHECK(seen.lines[0].starts_with("certificates not changed: "));
    CHECK(seen.lines[0].contains(gone ? "two.pem has no key beside it" : "secp256k1"));
  }
}

TEST_CASE("a certificate that ends within 14 days is told at the start and once a day") {
  const Desk desk;
  constexpr long kDays = 24L * 3600;
  desk.put("one", desk.ca.make({.names = "DNS:one.example", .until = 14 * kDays + 60}));
  const auto set = must(load({{}, desk.folder.path().string(), ""}));
  const WallTime now = desk.clock.wall();
  const std::string which = "the certificate " + desk.file("one.pem").string() + " (one.example) ";
  const std::string day = date(set->identities()[0].not_after);
  CHECK(expiry_warnings(*set, now).empty());
  CHECK(expiry_warnings(*set, now + 2 * kDay) == Lines{which + "expires on " + day + ": renew it"});
  CHECK(expiry_warnings(*set, now + 15 * kDay) ==
        Lines{which + "expired on " + day + ": clients refuse it"});
  CHECK(expiry_warnings(*set, now - 2 * kDay).size() == 2);
  CHECK(expiry_warnings(*set, now - 2 * kDay)[0].contains("is not valid before"));
}

TEST_CASE("what ends soon is told once a day, however often the files are looked at") {
  Desk desk;
  desk.put("one", desk.ca.make({.names = "DNS:one.example", .until = 24L * 3600 * 10}));
  CertificateKeeper keeper(desk.clock, must(load_all({{}, desk.folder.path().string(), ""})));
  std::size_t told = 0;
  for (int hour = 0; hour < 3 * 24; ++hour) {
    desk.clock.moved += std::chrono::hours(1);
    told += keeper.look().lines.size();
    told += keeper.look().lines.size();
  }
  CHECK(told == 3);
}

TEST_CASE("the local CA's certificate is renewed while the server runs") {
  LocalCa ca;
  int changes = 0;
  for (int day = 1; day <= 120; ++day) {
    ca.clock.moved += kDay + std::chrono::minutes(1);
    const auto seen = ca.keeper.look();
    if (is_quiet(seen)) continue;
    ++changes;
    REQUIRE(seen.changed != nullptr);
    CHECK(seen.changed->identities()[0].not_after > ca.clock.wall() + 80 * kDay);
    REQUIRE(seen.lines.size() == 1);
    CHECK(seen.lines[0].contains("localhost"));
  }
  CHECK(changes == 2);  // they live for 90 days and are renewed when 30 are left
}

TEST_CASE("a lock that is held puts a renewal off to the next look, and is told once a day") {
  LocalCa ca;
  std::optional<certs::FolderLock> held =
      must(certs::FolderLock::take(ca.folder.path(), std::chrono::milliseconds(0)));
  ca.clock.moved += 80 * kDay;
  auto seen = ca.keeper.look();
  CHECK(seen.changed == nullptr);
  REQUIRE(seen.lines.size() == 2);  // and that the certificate ends soon
  CHECK(seen.lines[0].contains((ca.folder.path() / "lock").string()));
  CHECK(ca.keeper.look().lines.empty());
  held.reset();
  CHECK(ca.keeper.look().changed != nullptr);
}

TEST_CASE("a pipe is read at the start alone, and does not keep other pairs from being swapped") {
  const Desk desk;
  const std::string pipe = desk.file("pipe").string(), piped = desk.file("piped").string();
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const PemPair pem = desk.ca.make({.names = "DNS:piped.example"});
  put_file(piped, pem.cert);
  const CertificateSources sources{
      {{piped, pipe}, {desk.file("one.pem").string(), desk.file("one.key").string()}}, "", ""};
  std::thread writer([&] { put_file(pipe, pem.key); });
  auto loaded = must(load_all(sources));
  writer.join();
  const auto first = loaded.set;
  CertificateKeeper keeper(desk.clock, std::move(loaded));
  // A reader would get nothing from it, rather than wait for a writer.
  const Fd end(open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  CHECK(is_quiet(keeper.look()));
  desk.put("one", desk.ca.make({.names = "DNS:new.example"}));
  const auto seen = keeper.look();
  REQUIRE(seen.changed != nullptr);
  CHECK(seen.changed->choose("new.example")[0]->names.size() == 1);
  CHECK(seen.changed->holds(first->identities()[0]));
  CHECK(EVP_PKEY_eq(seen.changed->identities()[0].key.get(), first->identities()[0].key.get()) ==
        1);
  CHECK(keeper.look().lines.empty());
}

TEST_CASE("a new pair that most clients will refuse is taken, and warned about once") {
  Kept desk;
  desk.put("two", desk.ca.make({.names = "DNS:two.example", .usage = "clientAuth"}));
  const auto seen = desk.keeper.look();
  CHECK(seen.changed != nullptr);
  REQUIRE(seen.lines.size() == 2);
  CHECK(seen.lines[1].contains("two.example) is not for servers"));
  desk.put("one", desk.ca.make({.names = "DNS:other.example"}));
  desk.keeper.look();
  CHECK(desk.keeper.look().lines.empty());
}
