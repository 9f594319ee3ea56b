#include "server/qlog_folder.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <catch2/catch_test_macros.hpp>
#include <condition_variable>
#include <cstdarg>
#include <fstream>
#include <mutex>

#include "os/writer_thread.h"
#include "support/file_text.h"
#include "support/live_server.h"

using namespace troika;
using namespace troika::test;

namespace {

// A disk that takes its time: files are made only when it is let go.
class SlowDisk {
 public:
  SlowDisk() { set(true); }
  SlowDisk(const SlowDisk&) = delete;
  SlowDisk& operator=(const SlowDisk&) = delete;
  ~SlowDisk() { set(false); }

  static void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [] { return !held_; });
    --waiting_;
  }
  // Until the thread is held up.
  static void reached() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [] { return waiting_ > 0; });
  }

 private:
  static void set(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  inline static std::mutex mutex_;
  inline static std::condition_variable changed_;
  inline static bool held_ = false;
  inline static int waiting_ = 0;
};

}  // namespace

// All of this program's calls come by here.
extern "C" int openat(int folder, const char* path, int flags, ...) {
  static const auto real =
      reinterpret_cast<int (*)(int, const char*, int, ...)>(dlsym(RTLD_NEXT, "openat"));
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (std::string_view(path).ends_with(".sqlog")) SlowDisk::wait();
  return real(folder, path, flags, mode);
}

namespace {

constexpr std::uint8_t kId[] = {0x01, 0xab, 0xff, 0x00};
constexpr std::uint8_t kOther[] = {0x02};

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

struct Rig {
  explicit Rig(QlogLimits options = {}, std::string_view before = {}) {
    if (!before.empty()) std::ofstream(folder.path() / "before.sqlog") << before;
    options.last_chance = std::chrono::seconds(20);
    logs = must(QlogFolder::make(folder.path().string(), options));
    logs->set_notices([this](const std::string& sentence) { notices->line(sentence); });
  }
  // Waits for all that was logged, and gives what was said meanwhile.
  template <class... Logs>
  std::string finish(Logs&... open) {
    (open.reset(), ...);
    logs.reset();
    notices.reset();
    return file_text(folder.path() / "notices");
  }
  std::string log(const char* name) { return file_text(folder.path() / name); }

  TemporaryFolder folder;
  std::optional<WriterThread> notices{std::in_place,
                                      LogOutput((folder.path() / "notices").string(), 0600)};
  std::unique_ptr<QlogFolder> logs;
};

}  // namespace

TEST_CASE("Each log is a file of its connection's id, for its owner alone, if there is a record") {
  Rig rig;
  rig.logs->open(std::span(kId).first(2)).reset();
  auto one = rig.logs->open(kId), other = rig.logs->open(kOther);
  one->write(bytes("a"));
  other->write(bytes("x"));
  one->write(bytes("bc"));
  CHECK(rig.finish(one, other).empty());
  CHECK_FALSE(std::filesystem::exists(rig.folder.path() / "01ab.sqlog"));
  CHECK(rig.log("01abff00.sqlog") == "abc");
  CHECK(rig.log("02.sqlog") == "x");
  CHECK(std::filesystem::status(rig.folder.path() / "02.sqlog").permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("What is logged is in the file while its connection lives") {
  Rig rig;
  const auto log = rig.logs->open(kId);
  log->write(bytes("abc"));
  while (rig.log("01abff00.sqlog") != "abc") std::this_thread::yield();
  log->write(bytes("def"));
  while (rig.log("01abff00.sqlog") != "abcdef") std::this_thread::yield();
}

TEST_CASE("A disk that is too slow ends a log after a whole record, and no other one") {
  Rig rig({.waiting = 10});
  auto log = rig.logs->open(kId), other = rig.logs->open(kOther);
  {
    const SlowDisk disk;
    log->write(bytes("12345"));
    SlowDisk::reached();
    log->write(bytes("67890"));  // with what the thread has in its hands: just as much as may wait
    CHECK(rig.logs->counters().cut == 0);
    other->write(bytes("1234567890"));
    log->write(bytes("x"));
    CHECK(rig.logs->counters().cut == 1);
    log->write({});
    other->write(bytes("y"));
    CHECK(rig.logs->counters().cut == 2);
  }
  while (rig.log("02.sqlog").size() < 10) std::this_thread::yield();
  log->write(bytes("z"));  // there is room again, but a gap before it
  CHECK(rig.finish(log, other) ==
        "qlog in " + rig.folder.path().string() +
            ": the disk is too slow: the log of a connection ends early (reported "
            "once)\n");
  CHECK(rig.log("01abff00.sqlog") == "1234567890");
  CHECK(rig.log("02.sqlog") == "1234567890");
}

TEST_CASE("So many logs are open at a time and no more; one that has ended makes room") {
  Rig rig({.files = 2});
  auto one = rig.logs->open(kId);
  const auto two = rig.logs->open(kOther);
  REQUIRE(one);
  REQUIRE(two);
  CHECK_FALSE(rig.logs->open(std::span(kId).first(2)));
  CHECK_FALSE(rig.logs->open(std::span(kId).first(3)));
  CHECK(rig.logs->counters().refused == 2);
  one.reset();
  auto three = rig.logs->open(std::span(kId).first(2));
  while (!three) three = rig.logs->open(std::span(kId).first(2));
  CHECK(rig.logs->counters().opened == 3);
}

TEST_CASE("To ask for room takes none; that there is none is told of once, and what to do") {
  Rig rig({.files = 1});
  CHECK(rig.logs->has_room());
  CHECK(rig.logs->has_room());
  CHECK(rig.logs->counters().refused == 0);
  auto one = rig.logs->open(kId);
  REQUIRE(one);
  CHECK_FALSE(rig.logs->has_room());
  CHECK(rig.logs->counters().refused == 1);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(rig.logs->open(kOther));
  CHECK(rig.finish(one) == "qlog in " + rig.folder.path().string() +
                               ": more than 1 connections at a time: some go without a log; "
                               "select connections with --qlog-only (reported once)\n");
}

TEST_CASE("A log ends at its most bytes, after a whole record") {
  Rig rig({.file_bytes = 10});
  auto log = rig.logs->open(kId), other = rig.logs->open(kOther);
  log->write(bytes("12345"));
  log->write(bytes("67890"));
  CHECK(rig.logs->counters().cut == 0);
  other->write(bytes("123456"));
  other->write(bytes("78901"));
  CHECK(rig.logs->counters().cut == 1);
  CHECK(rig.finish(log, other).contains("ends at 10 bytes"));
  CHECK(rig.log("01abff00.sqlog") == "1234567890");
  CHECK(rig.log("02.sqlog") == "123456");
}

TEST_CASE("The files of a folder end at their most bytes, those of before among them") {
  Rig rig({.file_bytes = 10, .folder_bytes = 30}, "1234567890");
  auto log = rig.logs->open(kId), other = rig.logs->open(kOther);
  REQUIRE(log);
  REQUIRE(other);
  log->write(bytes("1234567890"));
  CHECK(rig.logs->has_room());  // for a whole file, and not a byte more
  other->write(bytes("1"));
  CHECK_FALSE(rig.logs->has_room());
  CHECK_FALSE(rig.logs->open(std::span(kId).first(2)));
  CHECK(rig.logs->counters().refused == 2);
  other->write(bytes("234567890"));
  CHECK(rig.logs->counters().cut == 0);
  CHECK(rig.finish(log, other) ==
        "qlog in " + rig.folder.path().string() +
            ": its files reach the limit of 30 bytes: logs are missing or end "
            "early until some files are removed (reported once)\n");
  CHECK(rig.log("01abff00.sqlog") == "1234567890");
  CHECK(rig.log("02.sqlog") == "1234567890");
}

TEST_CASE("A log ends after a whole record when its folder is full") {
  Rig rig({.file_bytes = 20, .folder_bytes = 39}, "123456789");
  auto log = rig.logs->open(kId), other = rig.logs->open(kOther);
  log->write(bytes("12345678901234567890"));
  other->write(bytes("1234567890"));
  CHECK(rig.logs->counters().cut == 0);
  other->write(bytes("x"));
  CHECK(rig.logs->counters().cut == 1);
  CHECK(rig.finish(log, other).contains("its files reach the limit of 39 bytes"));
  CHECK(rig.log("02.sqlog") == "1234567890");
}

TEST_CASE("When files were removed there are logs again; what is no log does not count") {
  Rig rig({.file_bytes = 10, .folder_bytes = 10, .count_again = Duration(0)}, "1");
  std::ofstream(rig.folder.path() / "x.txt") << std::string(100, 'x');
  std::filesystem::create_symlink("x.txt", rig.folder.path() / "x.sqlog");
  CHECK_FALSE(rig.logs->has_room());
  std::filesystem::remove(rig.folder.path() / "before.sqlog");
  while (!rig.logs->has_room()) std::this_thread::yield();
  auto log = rig.logs->open(kId);
  log->write(bytes("1234567890"));
  log.reset();
  while (rig.log("01abff00.sqlog").size() < 10) std::this_thread::yield();
  CHECK_FALSE(rig.logs->has_room());
  rig.finish();
}

TEST_CASE("A file that is there already is left alone: a client chooses the name") {
  Rig rig;
  std::ofstream(rig.folder.path() / "02.sqlog") << "mine";
  std::filesystem::create_symlink("elsewhere", rig.folder.path() / "01abff00.sqlog");
  auto log = rig.logs->open(kId), other = rig.logs->open(kOther);
  log->write(bytes("abc"));
  other->write(bytes("abc"));
  CHECK(rig.finish(log, other).contains("ends early: File exists"));
  CHECK(rig.log("02.sqlog") == "mine");
  CHECK_FALSE(std::filesystem::exists(rig.folder.path() / "elsewhere"));
}

TEST_CASE("A disk that is full ends a log after a whole record") {
  Rig rig;
  auto log = rig.logs->open(kId);
  log->write(bytes(std::string(100, 'a')));
  while (rig.log("01abff00.sqlog").size() < 100) std::this_thread::yield();
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 150;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  log->write(bytes(std::string(100, 'b')));  // half of it fits
  while (rig.logs->counters().cut == 0) std::this_thread::yield();
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  log->write(bytes("c"));
  CHECK(rig.finish(log).contains("ends early: File too large"));
  CHECK(rig.log("01abff00.sqlog") == std::string(100, 'a'));
}

TEST_CASE("A disk that never answers does not hold up the end") {
  const SlowDisk disk;
  TemporaryFolder folder;
  auto logs = must(
      QlogFolder::make(folder.path().string(), {.last_chance = std::chrono::milliseconds(20)}));
  auto log = logs->open(kId);
  log->write(bytes("abc"));
  SlowDisk::reached();
  log.reset();
  logs.reset();
  SUCCEED("the destructor came back");
}

TEST_CASE("A folder that is not there, or is none, is said in one sentence") {
  TemporaryFolder folder;
  const std::string missing = (folder.path() / "missing").string();
  CHECK(QlogFolder::make(missing, {}).error() == "cannot write qlog files into " + missing +
                                                     ": No such file or directory; give --qlog an "
                                                     "existing folder that this user can write to");
  std::ofstream(folder.path() / "file") << "x";
  CHECK(
      QlogFolder::make((folder.path() / "file").string(), {}).error().contains("Not a directory"));
}
