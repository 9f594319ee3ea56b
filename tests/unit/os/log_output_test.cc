#include "os/writer_thread.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <catch2/catch_test_macros.hpp>
#include <climits>
#include <csignal>
#include <thread>

#include "unit/os/file_size_limit.h"
#include "unit/os/temp_folder.h"

namespace troika {
namespace {

std::string read_some(const Fd& fd) {
  std::string text(65536, '\0');
  const ssize_t n = ::read(fd.get(), text.data(), text.size());
  text.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return text;
}

struct Rig {
  explicit Rig(LogOutput o) : out(std::move(o)) { std::signal(SIGPIPE, SIG_IGN); }
  std::size_t write(std::string_view lines, int error = 0) {
    const LogOutput::Written written = out.write(lines, stop);
    CHECK(written.error == error);
    return written.bytes;
  }
  LogOutput out;
  const std::atomic<bool> stop = false;
};

struct Fifo {
  Fifo() { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }
  Fd reader() const { return Fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)); }
  TempFolder folder;
  const std::string path = folder / "fifo";
};

}  // namespace

TEST_CASE("A log is made when it is missing, and added to") {
  const TempFolder folder;
  folder.write("log", "a\n");
  for (const char* const name : {"log", "new"}) {
    Rig rig(LogOutput(folder / name, 0600));
    CHECK(rig.out.open() == 0);
    CHECK(rig.write("b\nc\n") == 4);
  }
  CHECK(file_text(folder / "log") == "a\nb\nc\n");
  CHECK(file_text(folder / "new") == "b\nc\n");
}

TEST_CASE("A log that cannot be opened says why, and is opened once it can be") {
  const TempFolder folder;
  CHECK(LogOutput(folder.path(), 0600).open() == EISDIR);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  const std::string socket = folder / "socket";
  REQUIRE(socket.size() < sizeof address.sun_path);
  socket.copy(address.sun_path, socket.size());
  const Fd bound(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(bound.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  CHECK(LogOutput(socket, 0600).open() == ENXIO);

  Rig rig(LogOutput(folder / "sub/log", 0600));
  CHECK(rig.out.open() == ENOENT);
  CHECK(rig.write("lost\n", ENOENT) == 0);
  std::filesystem::create_directory(folder / "sub");
  CHECK(rig.write("a\n") == 2);
  CHECK(file_text(folder / "sub/log") == "a\n");
}

TEST_CASE("A FIFO waits for its reader, and for the next one when that has gone") {
  const Fifo fifo;
  Rig rig(LogOutput(fifo.path, 0600));
  CHECK(rig.out.open() == 0);
  CHECK(rig.write("lost\n", EPIPE) == 0);
  for (int i = 0; i < 2; ++i) {
    const Fd reader = fifo.reader();
    CHECK(rig.write("a\nb\n") == 4);
    CHECK(read_some(reader) == "a\nb\n");
  }
  CHECK(rig.write("lost\n", EPIPE) == 0);
}

TEST_CASE("A full disk is told of each time, and takes nothing of a line") {
  Rig rig(LogOutput("/dev/full", 0600));
  CHECK(rig.out.open() == 0);
  CHECK(rig.write("a\n", ENOSPC) == 0);
  CHECK(rig.write("b\n", ENOSPC) == 0);
}

TEST_CASE("Of a line that does not fit a file nothing is left, and the next one begins a line") {
  const TempFolder folder;
  Rig rig(LogOutput(folder / "log", 0600));
  {
    const FileSizeLimit limit(10);
    CHECK(rig.write("1234\nabcdefgh\n", EFBIG) == 5);
    CHECK(file_text(folder / "log") == "1234\n");
    CHECK(rig.write("abcd\n") == 5);  // there is room for this one
    CHECK(rig.write("x\n", EFBIG) == 0);
  }
  CHECK(rig.write("y\n") == 2);
  CHECK(file_text(folder / "log") == "1234\nabcd\ny\n");
}

TEST_CASE("What others have written behind is left: then the line that did not fit is ended") {
  const TempFolder folder;
  folder.write("log", "--------------------");
  // As a shell's `>` would after somebody has written on.
  Rig rig(LogOutput(Fd(::open((folder / "log").c_str(), O_WRONLY | O_CLOEXEC))));
  {
    const FileSizeLimit limit(10);
    CHECK(rig.write("1234\nabcdefgh\n", EFBIG) == 5);
    CHECK(rig.write("y\n", EFBIG) == 0);  // nor is there room for the end of it
  }
  CHECK(rig.write("y\n") == 2);
  CHECK(file_text(folder / "log") == "1234\nabcde\ny\n-------");
}

TEST_CASE("A line that was cut off is ended in its own file, and not in the next one") {
  for (const bool another : {false, true}) {
    const TempFolder folder;
    folder.write("log", "--------------------");
    Rig rig(LogOutput(Fd(::open((folder / "log").c_str(), O_WRONLY | O_CLOEXEC))));
    {
      const FileSizeLimit limit(10);
      CHECK(rig.write("1234\nabcdefgh\n", EFBIG) == 5);
    }
    const std::string next = folder / (another ? "next" : "log");
    rig.out.use(Fd(::open(next.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)));
    CHECK(rig.write("y\n") == 2);
    CHECK(file_text(next) == (another ? "y\n" : "1234\nabcde----------\ny\n"));
  }
}

TEST_CASE("A pipe is given whole lines: who comes next to read begins with one") {
  const Fifo fifo;
  Rig rig(LogOutput(fifo.path, 0600));
  Fd reader;
  const auto opened = [&] {
    reader = fifo.reader();
    return ::fcntl(reader.get(), F_SETPIPE_SZ, PIPE_BUF) == PIPE_BUF;
  };
  if (!opened()) SKIP("pages are larger than PIPE_BUF here");
  const auto goes_at = [&](int bytes) {
    return std::jthread([&reader, bytes] {
      int waiting = 0;
      while (waiting < bytes) {
        REQUIRE(::ioctl(reader.get(), FIONREAD, &waiting) == 0);
        std::this_thread::yield();
      }
      reader = Fd();
    });
  };
  const std::string line = std::string(PIPE_BUF / 4 * 3 - 1, 'x') + '\n';
  {
    const std::jthread goes = goes_at(PIPE_BUF / 4 * 3);
    CHECK(rig.write(line + line, EPIPE) == line.size());
  }
  REQUIRE(opened());
  CHECK(rig.write("a\n") == 2);
  CHECK(read_some(reader) == "a\n");
  // One that is longer than a pipe takes at once is ended at least.
  {
    const std::jthread goes = goes_at(PIPE_BUF);
    CHECK(rig.write(std::string(2 * PIPE_BUF, 'x') + '\n', EPIPE) == 0);
  }
  reader = fifo.reader();
  CHECK(rig.write("a\n") == 2);
  CHECK(read_some(reader) == "\na\n");
}

}  // namespace troika
