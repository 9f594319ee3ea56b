// Our own walk, held against the kernel's: what the one opens the other opens, and for what it does
// not they have the same error.
#include "base/text.h"
#include "os/file_open.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <thread>
#include <vector>

#include "unit/loop/file_rig.h"
#include "unit/loop/inject.h"

namespace troika {
namespace {

namespace fs = std::filesystem;

constexpr int kRead = O_RDONLY | O_NONBLOCK | O_NOCTTY;

int kernel_walk(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

// Which file it is, or the error.
std::string outcome(int fd) {
  if (fd < 0) return std::strerror(-fd);
  const Fd opened(fd);
  struct stat info{};
  REQUIRE(::fstat(fd, &info) == 0);
  return formatted("{}:{} {:o} {:o}", info.st_dev, info.st_ino, info.st_mode,
                   ::fcntl(fd, F_GETFL) & (O_PATH | O_ACCMODE | O_NONBLOCK));
}

struct Ground {
  Ground() {
    outside.write("secret", "secret");
    const std::string other = fs::path(outside.path()).filename().string();
    for (const char* const name : {"sub", "sub/deep", "other", "open"}) {
      fs::create_directory(folder / name);
    }
    folder.write("file", "file");
    folder.write("sub/file", "sub");
    folder.write("sub/deep/file", "deep");
    REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
    for (const auto& [name, target] : std::vector<std::pair<std::string, std::string>>{
             {"to_file", "file"},
             {"to_folder", "sub"},
             {"to_deep", "sub/deep"},
             {"to_slash", "sub/"},
             {"file_slash", "file/"},
             {"dot", "."},
             {"dots", "sub/deep/../../file"},
             {"through", "to_deep/../file"},
             {"sub/up", ".."},
             {"sub/up_file", "../file"},
             {"sub/deep/top", "../../."},
             {"sub/deep/out", "../../../" + other + "/secret"},
             {"sub/deep/out_and_in",
              "../../../" + fs::path(folder.path()).filename().string() + "/file"},
             {"absolute", outside / "secret"},
             {"absolute_in", folder / "file"},
             {"slash", "/"},
             {"parent", ".."},
             {"dangling", "nowhere"},
             {"below_file", "file/x"},
             {"loop", "loop"},
             {"there", "back"},
             {"back", "there"},
             {"magic", "/proc/self/root"},
             {"to_fifo", "fifo"},
             {"many_slashes", "sub///deep////file"},
             {"long", std::string(300, 'x')}}) {
      fs::create_symlink(target, folder / name);
    }
    // Of one that follows another: as many as are allowed, and one more.
    fs::create_symlink("file", folder / "chain1");
    for (unsigned i = 2; i <= kMostLinks + 1; ++i) {
      fs::create_symlink(formatted("chain{}", i - 1), folder / formatted("chain{}", i));
    }
    root = Fd(::open(folder.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  void compare(const std::string& path) const {
    for (const int flags : {kRead, O_PATH, O_PATH | O_DIRECTORY}) {
      INFO(path << " with " << flags);
      CHECK(outcome(walk_beneath(root.get(), path.c_str(), flags)) ==
            outcome(kernel_walk(root.get(), path, flags)));
    }
  }

  TempFolder folder, outside;
  Fd root;
};

TEST_CASE("Our own walk opens what openat2 opens, and refuses what it refuses") {
  const Ground ground;
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(ground.folder.path())) {
    names.push_back(fs::relative(entry.path().parent_path(), ground.folder.path()) /
                    entry.path().filename());
  }
  CHECK(names.size() > 60);
  for (const std::string& name : names) {
    for (const char* const after : {"", "/", "/.", "/..", "/file", "/../file", "/deep/file",
                                    "/deep/..", "//deep//", "/x", "/../../file", "/up/up"}) {
      ground.compare(name + after);
    }
  }
  for (const char* const path : {"", ".", "./", "./.", "..", "../", "../file", "sub/..",
                                 "sub/../..", "sub/../../x", "/", "/etc/passwd", "//etc/passwd",
                                 "missing", "missing/..", "file/..", "file/.", "x\n", "..."}) {
    ground.compare(path);
  }
  ground.compare(std::string(255, 'a'));
  ground.compare(std::string(256, 'a'));
  for (const std::size_t size : {4094U, 4095U, 4096U, 5000U}) {
    std::string slashes = "sub";
    slashes.resize(size, '/');
    ground.compare(slashes);
    ground.compare(std::string(size, 'a'));
  }
}

TEST_CASE("Our own walk follows no magic link") {
  const Fd proc(::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const char* const path : {"cwd", "root", "exe", "fd/0", "cwd/.", "ns/mnt", "root/etc"}) {
    INFO(path);
    CHECK(walk_beneath(proc.get(), path, O_PATH) == -ELOOP);
    CHECK(kernel_walk(proc.get(), path, O_PATH) == -ELOOP);
  }
}

TEST_CASE("Our own walk goes down so many folders, and not one more") {
  const TempFolder folder;
  const Fd root(::open(folder.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::string path;
  for (unsigned i = 0; i <= kMostFolders; ++i) {
    if (i == kMostFolders) {
      CHECK(outcome(walk_beneath(root.get(), (path + ".").c_str(), O_PATH)) ==
            outcome(kernel_walk(root.get(), path + ".", O_PATH)));
    }
    path += "d/";
    fs::create_directory(folder / path);
  }
  CHECK(walk_beneath(root.get(), (path + ".").c_str(), O_PATH) == -ELOOP);
}

TEST_CASE("Our own walk asks for the rights that openat2 asks for") {
  const Ground ground;
  fs::permissions(ground.folder.path(), fs::perms::all);
  for (const auto& [name, mode] :
       {std::pair{"none", 0000}, std::pair{"enter", 0711}, std::pair{"list", 0744}}) {
    fs::create_directory(ground.folder / name);
    ground.folder.write(std::string(name) + "/file", "x");
    fs::create_symlink("file", ground.folder / (std::string(name) + "/link"));
    fs::create_symlink("../file", ground.folder / (std::string(name) + "/up"));
    fs::permissions(ground.folder / name, fs::perms(mode));
  }
  const AsNobody nobody;
  for (const std::string name : {"none", "enter", "list"}) {
    for (const char* const after :
         {"", "/", "/.", "/..", "/../file", "/file", "/link", "/up", "/missing"}) {
      ground.compare(name + after);
    }
  }
}

TEST_CASE("Our own walk leaves no descriptor open") {
  const Ground ground;
  const auto before = open_descriptors();
  for (const char* const path : {"sub/deep/file", "sub/deep/top", "sub/deep/out", "loop", "missing",
                                 "chain40", "chain41", "file/x", "to_fifo", "."}) {
    const Fd opened(walk_beneath(ground.root.get(), path, kRead));
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("What is swapped while our own walk is under way never leads outside") {
  const TempFolder folder, outside;
  for (const TempFolder* const side : {&folder, &outside}) {
    fs::create_directories(*side / "swap/deep");
    side->write("swap/deep/name", side == &folder ? "inside" : "outside");
    side->write("name", side == &folder ? "inside" : "outside");
  }
  fs::create_directory(folder / "turn");
  fs::create_symlink(outside / "swap", folder / "swap-out");
  fs::create_symlink("../../" + fs::path(outside.path()).filename().string() + "/name",
                     folder / "turn/out");
  folder.write("turn/in", "inside");
  fs::create_symlink("swap/deep/../../name", folder / "via");
  const Fd root(::open(folder.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::atomic<bool> stop = false;
  std::jthread swapper([&] {
    const auto exchange = [&](const char* a, const char* b) {
      ::renameat2(root.get(), a, root.get(), b, RENAME_EXCHANGE);
    };
    while (!stop) {
      exchange("swap", "swap-out");
      exchange("turn/in", "turn/out");
    }
  });
  int inside = 0;
  std::string wrong;
  for (int i = 0; i < 30'000; ++i) {
    for (const char* const path : {"swap/deep/name", "turn/in", "via"}) {
      const int fd = walk_beneath(root.get(), path, kRead);
      if (fd == -EAGAIN || fd == -ENOENT || fd == -EXDEV) continue;
      if (fd < 0) wrong = std::strerror(-fd);
      const Fd opened(fd);
      std::array<char, 10> text{};
      if (::read(fd, text.data(), text.size()) != 6) wrong = std::string("read ") + text.data();
      ++inside;
    }
  }
  stop = true;
  INFO(wrong);
  CHECK(wrong.empty());
  CHECK(inside > 1000);
}

TEST_CASE("Where openat2 is refused, files are opened by our own walk on the thread pool") {
  Rig rig;
  rig.folder.write("file", "text");
  fs::create_directory(rig.folder / "sub");
  fs::create_symlink("../file", rig.folder / "sub/link");
  fs::create_symlink("/etc/passwd", rig.folder / "out");
  const Fd root = open_root(rig.folder.path()).value();
  CHECK(openat2_refusal(root.get()) == 0);
  const inject::Guard inject;
  for (const int error : {ENOSYS, EPERM}) {
    inject->openat2_all = error;
    CHECK(openat2_refusal(root.get()) == error);
    CHECK(open_root(rig.folder.path()).has_value());
    CHECK(rig.find_root().has_value());
    CHECK(rig.on_pool);
    const auto file = rig.open("sub/link");
    REQUIRE(file);
    CHECK(rig.read_all(**file, 100) == "text");
    CHECK(rig.open_error("out") == ErrorCode::not_found);
    CHECK(rig.open_error("../x") == ErrorCode::not_found);
    const auto sub = rig.open("sub");
    REQUIRE(sub);
    CHECK((*sub)->look_at("link")->st_size == 4);
  }
}

}  // namespace
}  // namespace troika
