#include "log/server_log.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <thread>

#include "base/text.h"
#include "support/session_harness.h"
#include "unit/os/temp_folder.h"

using namespace troika;
using namespace troika::test;

namespace {

using enum LogLevel;

const SimClock kClock;

std::string written(ServerLog::Form form, LogLevel most, auto say) {
  const TempFolder folder;
  const std::string path = folder / "log";
  {
    ServerLog log(LogOutput(path, 0600), form, most, kClock);
    say(log);
  }
  return file_text(path);
}

void say_all(ServerLog& log) {
  log.say(error, "e");
  log.at(warn)("w");
  log.say(notice, "n");
  log.say(info, "i");
  log.say(debug, "d");
}

}  // namespace

TEST_CASE("A level has its name, and lines below it are not written") {
  const std::pair<const char*, std::string> rows[] = {
      {"error", "e"}, {"warn", "ew"}, {"notice", "ewn"}, {"info", "ewni"}, {"debug", "ewnid"}};
  for (const auto& [name, letters] : rows) {
    std::string lines;
    for (const char letter : letters) lines += std::string("troika: ") + letter + '\n';
    CHECK(written(ServerLog::Form::terminal, log_level(name).value(), say_all) == lines);
  }
  CHECK(!log_level("loud"));
}

TEST_CASE("journald is told the priority, and a file the time and the level") {
  CHECK(written(ServerLog::Form::journal, debug, say_all) == "<3>e\n<4>w\n<5>n\n<6>i\n<7>d\n");
  CHECK(written(ServerLog::Form::file, warn, say_all) ==
        "2023-11-14T22:13:20.000Z error e\n2023-11-14T22:13:20.000Z warn w\n");
}

TEST_CASE("A sentence stays one line, whatever it quotes") {
  const auto say = [](ServerLog& log) { log.say(error, "a\n<0>b\x1b[2J \xc3\xa4\x7f"); };
  CHECK(written(ServerLog::Form::journal, error, say) == "<3>a\\x0a<0>b\\x1b[2J \xc3\xa4\\x7f\n");
}

TEST_CASE("A server log that was renamed is made anew; if it cannot be, that is a line of it") {
  const TempFolder folder;
  const std::string path = folder / "log";
  const std::string missing = folder / "gone";
  std::filesystem::create_directory(missing);
  {
    LogOutput out(path, 0600);
    REQUIRE(out.open() == 0);
    ServerLog log(std::move(out), ServerLog::Form::terminal, notice, kClock);
    log.say(notice, "before");
    std::filesystem::rename(path, path + ".1");
    log.reopen(path);
    log.say(notice, "after");
  }
  CHECK((file_text(path + ".1") + file_text(path)) == "troika: before\ntroika: after\n");
  const std::string below = missing + "/log";
  {
    ServerLog log(LogOutput(below, 0600), ServerLog::Form::terminal, notice, kClock);
    log.say(notice, "before");
    while (!std::filesystem::exists(below) || file_text(below).empty()) std::this_thread::yield();
    std::filesystem::rename(missing, folder / "moved");
    log.reopen(below);
    log.say(notice, "after");
  }
  CHECK(file_text(folder / "moved/log") ==
        "troika: before\ntroika: cannot reopen the server log " + below +
            ": No such file or directory; logging continues to the old file\ntroika: after\n");
}

TEST_CASE("A stream is journald's if JOURNAL_STREAM names it") {
  const TempFolder folder;
  const Fd file(::open((folder / "stream").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  struct stat info{};
  REQUIRE(::fstat(file.get(), &info) == 0);
  CHECK(is_journal(file.get(), formatted("{}:{}", info.st_dev, info.st_ino).c_str()));
  CHECK(!is_journal(file.get(), formatted("{}:{}", info.st_dev, info.st_ino + 1).c_str()));
  CHECK(!is_journal(file.get(), ""));
  CHECK(!is_journal(file.get(), nullptr));
  CHECK(!is_journal(-1, "1:2"));
}
