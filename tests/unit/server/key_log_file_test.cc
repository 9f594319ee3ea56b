#include "server/key_log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "server/server.h"
#include "server/startup.h"
#include "support/cert_maker.h"
#include "support/live_server.h"

using namespace troika;
using namespace troika::test;

namespace {

std::string text_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

mode_t mode_of(const std::string& path) {
  struct stat info{};
  REQUIRE(stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

Config options_with(const std::string& key_log) {
  Config config;
  config.listen = {must(Address::parse("127.0.0.1:0"))};
  config.tls.certificates = {{test_certificate().cert_file, test_certificate().key_file}};
  config.log.keys = key_log;
  config.workers = 1;
  return config;
}

}  // namespace

TEST_CASE("A key log is its owner's alone, new or not, and is added to") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() / "keys";
  const mode_t before = umask(0);
  must(KeyLogFile::open(path))->line("A 1 2");
  umask(before);
  CHECK(mode_of(path) == 0600);
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  must(KeyLogFile::open(path))->line("B 3 4");
  CHECK(mode_of(path) == 0600);
  CHECK(text_of_file(path) == "A 1 2\nB 3 4\n");
}

TEST_CASE("A key log that cannot be written is one sentence, and no server") {
  const test::TemporaryFolder folder;
  for (const std::string& path :
       std::vector{folder.path().string(), (folder.path() / "none" / "keys").string()}) {
    const auto refused = start_up(options_with(path));
    REQUIRE(!refused);
    CHECK(refused.error().starts_with("cannot write the key log " + path));
    CHECK(refused.error().contains("--keylog"));
    CHECK(!refused.error().contains('\n'));
  }
}

TEST_CASE("A key log that is no file is refused and left as it is") {
  const test::TemporaryFolder folder;
  const std::string fifo = folder.path() / "fifo";
  REQUIRE(mkfifo(fifo.c_str(), 0644) == 0);
  CHECK_FALSE(KeyLogFile::open(fifo));
  const Fd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const auto refused = KeyLogFile::open(fifo);
  REQUIRE(!refused);
  CHECK(refused.error() ==
        "the key log " + fifo +
            " is not a file: give --keylog a file owned by this user, or a new one");
  CHECK(mode_of(fifo) == 0644);
}

TEST_CASE("A key log that was renamed is made anew, again for its owner alone") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() / "keys", old = path + ".1";
  const mode_t before = umask(0);
  {
    const auto log = must(KeyLogFile::open(path));
    log->line("A 1 2");
    std::filesystem::rename(path, old);
    log->reopen();
    log->line("B 3 4");
  }
  umask(before);
  CHECK(text_of_file(old) + text_of_file(path) == "A 1 2\nB 3 4\n");
  CHECK(mode_of(path) == 0600);
  {
    const auto log = must(KeyLogFile::open(path));
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);  // nothing to write to
    log->reopen();
    log->line("C 5 6");
  }
  CHECK(std::filesystem::is_directory(path));
}

TEST_CASE("A key log of another user is refused and left as it is") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() / "keys";
  put_file(path, "theirs");
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  if (chown(path.c_str(), 12345, static_cast<gid_t>(-1)) != 0) SKIP("takes root");
  const auto refused = KeyLogFile::open(path);
  REQUIRE(!refused);
  CHECK(refused.error().starts_with("the key log " + path + " is another user's"));
  CHECK(mode_of(path) == 0644);
}

TEST_CASE("The banner warns of a key log that was asked for; without asking there is none") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() / "keys";
  const Startup with = must(start_up(options_with(path)));
  CHECK(banner(with).contains(path + ": EVERYONE WHO READS THIS FILE CAN READ ALL TRAFFIC\n"));
  const Startup without = must(start_up(options_with("")));
  CHECK(without.key_log == nullptr);
  CHECK(!banner(without).contains("KEY LOG"));
}
