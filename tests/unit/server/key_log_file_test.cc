#include "server/key_log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "support/cert_maker.h"
#include "support/file_text.h"
#include "support/live_server.h"

using namespace troika;
using namespace troika::test;

namespace {

mode_t mode_of(const std::string& path) {
  return static_cast<mode_t>(std::filesystem::status(path).permissions());
}

}  // namespace

TEST_CASE("A key log is its owner's alone, new or not, and is added to") {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "keys";
  const mode_t before = umask(0);
  must(KeyLogFile::open(path))->line("A 1 2");
  umask(before);
  CHECK(mode_of(path) == 0600);
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  must(KeyLogFile::open(path))->line("B 3 4");
  CHECK(mode_of(path) == 0600);
  CHECK(file_text(path) == "A 1 2\nB 3 4\n");
}

TEST_CASE("A key log that is no file is refused and left as it is") {
  const TemporaryFolder folder;
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
  const TemporaryFolder folder;
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
  CHECK(file_text(old) + file_text(path) == "A 1 2\nB 3 4\n");
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
  const TemporaryFolder folder;
  const std::string path = folder.path() / "keys";
  put_file(path, "theirs");
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  if (chown(path.c_str(), 12345, static_cast<gid_t>(-1)) != 0) SKIP("takes root");
  const auto refused = KeyLogFile::open(path);
  REQUIRE(!refused);
  CHECK(refused.error().starts_with("the key log " + path + " is another user's"));
  CHECK(mode_of(path) == 0644);
}
