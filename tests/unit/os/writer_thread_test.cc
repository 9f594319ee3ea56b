#include "os/writer_thread.h"

#include <sys/stat.h>
#include <termios.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "unit/os/channels.h"
#include "unit/os/file_size_limit.h"
#include "unit/os/temp_folder.h"

namespace troika {
namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string read_all(int fd) {
  std::string text;
  char part[4096];
  for (ssize_t n = 0; (n = ::read(fd, part, sizeof part)) > 0;) {
    text.append(part, static_cast<std::size_t>(n));
  }
  return text;
}

constexpr WriterThread::Options kPatient{.last_chance = std::chrono::seconds(20)};

// Lines that nothing takes, each on its own.
void lose(WriterThread& log, std::uint64_t count) {
  for (const std::uint64_t end = log.dropped() + count; log.dropped() < end;) {
    const std::uint64_t before = log.dropped();
    log.line(std::string(200, 'x'));
    while (log.dropped() == before) std::this_thread::yield();
  }
}

TEST_CASE("Lines come to a file whole and in order, from several threads") {
  TempFolder folder;
  {
    WriterThread log(LogOutput(folder / "log", 0600));
    std::vector<std::jthread> threads;
    for (char name = 'a'; name < 'd'; ++name) {
      threads.emplace_back([&log, name] {
        for (int i = 0; i < 1000; ++i) log.line(name + std::to_string(i));
      });
    }
    threads.clear();
    CHECK(log.dropped() == 0);
  }
  const auto lines = lines_of(folder / "log");
  CHECK(lines.size() == 3000);
  std::array<int, 3> next{};
  for (const std::string& line : lines) {
    int& expected = next[static_cast<std::size_t>(line.at(0) - 'a')];
    CHECK(line.substr(1) == std::to_string(expected));
    ++expected;
  }
}

TEST_CASE("Of lines that come together, those are kept that there is room for") {
  TempFolder folder;
  // The room is for what waits: nothing is taken before the first call is over.
  WriterThread none(LogOutput(folder / "none", 0600), {.queue_bytes = 1});
  none.lines("a\nb\n");
  CHECK(none.dropped() == 2);
  none.lines("");
  CHECK(none.dropped() == 2);
  {
    WriterThread log(LogOutput(folder / "log", 0600),
                     {.queue_bytes = 5, .last_chance = std::chrono::seconds(20)});
    log.lines("12\n45\n");
    CHECK(log.dropped() == 1);
  }
  CHECK(lines_of(folder / "log").front() == "12");
}

TEST_CASE("A log that is renamed and opened again under load: every line is in one of the files") {
  TempFolder folder;
  const std::string path = folder / "log";
  const auto open_log = [path] {
    return Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  };
  constexpr int kFiles = 20, kLines = 20'000;
  {
    WriterThread log{LogOutput(open_log())};
    std::jthread writer([&log] {
      for (int i = 0; i < kLines; ++i) log.line("line " + std::to_string(i));
    });
    for (int i = 0; i < kFiles; ++i) {
      std::filesystem::rename(path, path + "." + std::to_string(i));
      log.reopen([&](LogOutput& out) -> Checked<void> {
        out.use(open_log());
        return {};
      });
      while (!std::filesystem::exists(path)) std::this_thread::yield();  // without a line, too
    }
    writer.join();
    CHECK(log.dropped() == 0);
  }
  int next = 0;
  const auto count = [&next](const std::string& file) {
    for (const std::string& line : lines_of(file)) {
      if (line != "line " + std::to_string(next)) FAIL(file + ": " + line);
      ++next;
    }
  };
  for (int i = 0; i < kFiles; ++i) count(path + "." + std::to_string(i));
  count(path);
  CHECK(next == kLines);
}

TEST_CASE("A log that cannot be opened again goes on where it was") {
  TempFolder folder;
  {
    WriterThread log(LogOutput(
        Fd(::open((folder / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600))));
    log.line("one");
    log.reopen([](LogOutput&) { return Checked<void>(); });
    log.line("two");
  }
  CHECK(lines_of(folder / "log") == std::vector<std::string>{"one", "two"});
}

TEST_CASE("A pipe that nobody reads costs lines and never the caller's time; then it is told") {
  constexpr std::size_t kLines = 20'000;
  test::Pipe pipe;
  std::string text;
  std::jthread reader;
  std::uint64_t dropped = 0;
  {
    WriterThread log(LogOutput(std::move(pipe.in)),
                     {.queue_bytes = 10'000, .last_chance = std::chrono::seconds(20)});
    for (std::size_t i = 0; i < kLines; ++i) log.line("line " + std::to_string(i));
    dropped = log.dropped();
    reader = std::jthread([&] { text = read_all(pipe.out.get()); });
  }
  reader.join();
  CHECK(dropped > 0);

  std::size_t kept = 0, told = 0, last = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("line ")) {
      const std::size_t number = std::stoul(line.substr(5));
      CHECK((kept == 0 || number > last));
      last = number;
      ++kept;
    } else {
      CHECK(line.ends_with(" lines were dropped here: this log is read too slowly)"));
      told += std::stoul(line.substr(1));
    }
  }
  CHECK(kept + told == kLines);
  CHECK(told == dropped);
}

TEST_CASE("A line that just fits the queue is kept, one byte more is dropped") {
  test::Pipe pipe;
  WriterThread log(LogOutput(std::move(pipe.in)),
                   {.queue_bytes = 10, .last_chance = std::chrono::seconds(20)});
  log.line(std::string(10, 'x'));
  CHECK(log.dropped() == 1);
  log.line(std::string(9, 'x'));
  CHECK(log.dropped() == 1);
}

TEST_CASE("At the end a reader or terminal that is held up is waited for a short time only") {
  test::Pipe pipe;
  test::Terminal terminal;
  REQUIRE(::tcflow(terminal.line.get(), TCOOFF) == 0);  // what Ctrl-S does
  for (Fd* const held_up : {&pipe.in, &terminal.line}) {
    WriterThread log(LogOutput(std::move(*held_up)),
                     {.queue_bytes = 1U << 20U, .last_chance = std::chrono::milliseconds(20)});
    for (int i = 0; i < 10'000; ++i) log.line("a line that nobody will ever read, of many");
  }
  SUCCEED("the destructors came back");
}

TEST_CASE("A pipe whose reader is gone ends neither the program nor its own end") {
  test::Pipe pipe;
  pipe.out = Fd();
  WriterThread log(LogOutput(std::move(pipe.in)), kPatient);
  lose(log, 3);
}

TEST_CASE("A log that cannot be opened again says so, and goes on where it was") {
  const TempFolder folder;
  {
    WriterThread notices(LogOutput(folder / "notices", 0600), kPatient);
    WriterThread log(LogOutput(folder / "log", 0600), kPatient);
    log.set_notices([&](const std::string& sentence) { notices.line(sentence); }, "the test's log");
    log.reopen([](LogOutput&) -> Checked<void> { return std::unexpected("cannot reopen it"); });
    log.line("a");
  }
  CHECK(lines_of(folder / "notices") ==
        std::vector<std::string>{"cannot reopen it; logging continues to the old file"});
  CHECK(lines_of(folder / "log") == std::vector<std::string>{"a"});
}

TEST_CASE("A log that cannot be written says so at once, and again only after a while") {
  const auto told = [](Duration say_again) {
    const TempFolder folder;
    {
      WriterThread notices(LogOutput(folder / "notices", 0600), kPatient);
      WriterThread log(LogOutput("/dev/full", 0600),
                       {.last_chance = std::chrono::seconds(20), .say_again = say_again});
      log.set_notices([&](const std::string& sentence) { notices.line(sentence); },
                      "the test's log");
      lose(log, 3);
    }
    return lines_of(folder / "notices");
  };
  const std::string why = "cannot write the test's log: No space left on device; ";
  CHECK(told(std::chrono::hours(1)) == std::vector{why + "1 lines are lost so far"});
  CHECK(told(Duration(0)) == std::vector{why + "1 lines are lost so far",
                                         why + "2 lines are lost so far",
                                         why + "3 lines are lost so far"});
}

TEST_CASE("A log that cannot be written goes on when it can, and tells what is missing") {
  const TempFolder folder;
  const std::string path = folder / "fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  Fd reader;
  {
    WriterThread log(LogOutput(path, 0600), kPatient);
    lose(log, 3);
    reader = Fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    log.line("here");
  }
  CHECK(read_all(reader.get()) == "(3 lines were dropped here: no reader)\nhere\n");
}

TEST_CASE("Of lines that a file has no room for, those that fit are kept and the others counted") {
  const TempFolder folder;
  {
    WriterThread log(LogOutput(folder / "log", 0600), kPatient);
    {
      const FileSizeLimit limit(100);
      for (int i = 0; i < 100; ++i) log.line("line " + std::to_string(i));
      lose(log, 1);
    }
    log.line("later");
  }
  const auto lines = lines_of(folder / "log");
  std::size_t kept = 0, told = 0;
  int last = -1;
  for (const std::string& line : lines) {
    CAPTURE(line);
    if (line.ends_with(" lines were dropped here: File too large)")) {
      told += std::stoul(line.substr(1));
      continue;
    }
    ++kept;
    if (!line.starts_with("line ")) continue;
    const int number = std::stoi(line.substr(5));
    CHECK(line == "line " + std::to_string(number));
    CHECK(number > last);
    last = number;
  }
  CHECK(told > 0);
  CHECK(kept + told == 102);
  CHECK(lines.back() == "later");
}

}  // namespace
}  // namespace troika
