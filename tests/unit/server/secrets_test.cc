#include "server/secrets.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <set>
#include <thread>

#include "support/file_text.h"
#include "support/live_server.h"

namespace troika {
namespace {

struct Kept {
  explicit Kept(std::uint64_t seed = 1) : random(seed) {}
  Checked<Secrets> get() { return secrets_from(file, random); }
  std::string text() const { return test::file_text(file); }
  void write(const std::string& text) const {
    std::ofstream(file, std::ios::trunc) << text;
    REQUIRE(chmod(file.c_str(), 0600) == 0);
  }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder.path()), {}));
  }

  const test::TemporaryFolder folder;
  const std::string file = folder.path() / "secrets";
  SeededRandom random;
};

TEST_CASE("A secrets file is made when it is missing, for its owner alone, and gives the same") {
  Kept kept;
  const auto first = kept.get();
  REQUIRE(first);
  CHECK(std::filesystem::status(kept.file).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK(kept.files() == 1);  // nothing else is left in the folder
  CHECK(kept.text().starts_with("# "));
  const std::string text = kept.text();
  const auto second = kept.get();
  REQUIRE(second);
  CHECK(second->quic == first->quic);
  CHECK(second->tickets == first->tickets);
  CHECK(kept.text() == text);
  CHECK(first->quic != first->tickets);
  // Of another file, and of none.
  Kept other(2);
  const auto third = other.get();
  REQUIRE(third);
  CHECK(third->quic != first->quic);
  CHECK(third->tickets != first->tickets);
  CHECK(random_secrets(kept.random).quic != random_secrets(kept.random).quic);
}

TEST_CASE("A comment of a secrets file may be changed, its digits may not") {
  Kept kept;
  const auto first = kept.get();
  REQUIRE(first);
  const std::string text = kept.text(), digits = text.substr(text.size() - 65);
  for (const std::string& good : {digits, "# ours\n" + digits, "#\n#\n" + digits}) {
    CAPTURE(good);
    kept.write(good);
    const auto again = kept.get();
    REQUIRE(again);
    CHECK(again->quic == first->quic);
  }
  std::string bad_digit = digits;
  bad_digit[63] = 'g';
  for (const std::string& bad :
       {std::string(), std::string("# only"), digits.substr(1), "0" + digits, digits + "0",
        digits + digits, bad_digit, " " + digits, "x\n" + digits, digits.substr(0, 64),
        std::string(8192, '0')}) {
    CAPTURE(bad);
    kept.write(bad);
    const auto refused = kept.get();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().contains(kept.file + " is damaged"));
    CHECK(kept.text() == bad);  // and is left as it is
  }
}

TEST_CASE("A secrets file that others can use, or that is no file, is refused in a sentence") {
  Kept kept;
  REQUIRE(kept.get());
  for (const mode_t mode : {0640U, 0604U, 0644U, 0620U, 0601U}) {
    REQUIRE(chmod(kept.file.c_str(), mode) == 0);
    const auto refused = kept.get();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().contains("users other than the owner can access the secrets file " +
                                   kept.file));
    CHECK(refused.error().contains("chmod 600"));
  }
  REQUIRE(chmod(kept.file.c_str(), 0400) == 0);
  CHECK(kept.get());
  SeededRandom random(1);
  const auto folder = secrets_from(kept.folder.path(), random);
  REQUIRE_FALSE(folder);
  CHECK(folder.error().contains("is not a file"));
  const auto nowhere = secrets_from(kept.folder.path() / "missing" / "secrets", random);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().contains("No such file or directory; give --secrets a file"));
  const std::string fifo = kept.folder.path() / "fifo";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  CHECK_FALSE(secrets_from(fifo, random));
}

TEST_CASE("A secrets file of another user is refused, even when nobody else can use it") {
  Kept kept;
  REQUIRE(kept.get());
  if (chown(kept.file.c_str(), 12345, static_cast<gid_t>(-1)) != 0) SKIP("takes root");
  const auto refused = kept.get();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().contains(kept.file + " belongs to another user (id 12345)"));
}

TEST_CASE("Processes that make a secrets file at the same time have the same secrets") {
  const Kept kept;
  constexpr std::uint64_t kProcesses = 8;
  std::vector<Secrets> seen(kProcesses);
  {
    std::vector<std::jthread> processes;
    for (std::uint64_t i = 0; i < kProcesses; ++i) {
      processes.emplace_back([&, i] {
        SeededRandom random(i);
        seen[i] = secrets_from(kept.file, random).value_or(Secrets{});
      });
    }
  }
  CHECK(seen.front().quic != quic::Secret{});
  for (const Secrets& secrets : seen) CHECK(secrets.tickets == seen.front().tickets);
  CHECK(kept.files() == 1);
}

}  // namespace
}  // namespace troika
