#include "tools/parity/fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <system_error>

#include "base/text.h"
#include "tools/parity/coding.h"

namespace troika::parity {
namespace {

namespace fs = std::filesystem;

constexpr timespec kUsual{1577836800, 0};  // 2020-01-01 00:00:00
constexpr timespec kDayBefore{1577836800 - 86400, 0};
constexpr timespec kDayAfter{1577836800 + 86400, 0};
constexpr timespec kOfB{1592224245, 123456789};  // 2020-06-15 12:30:45.123456789
constexpr timespec kEpoch{1, 0};                 // 1970-01-01 00:00:01
constexpr timespec kFuture{4102444800, 1};       // 2100-01-01 00:00:00.000000001
constexpr timespec kLater{4102444800, 0};        // 2100-01-01 00:00:00
constexpr timespec kPast{-60, 1};                // 1969-12-31 23:59:00.000000001
constexpr timespec kOlder{-60, 0};               // 1969-12-31 23:59:00
constexpr timespec kFar{10'000'000'000, 1};      // 2286-11-20 17:46:40.000000001

void must(int result, const std::string& what) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), what);
}

// As much of `pattern`, with the number of the line in its place, as fits.
std::string lines(std::string_view before, std::string_view after, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) {
    text += formatted("{}{}{}\n", before, i, after);
  }
  text.resize(size);
  return text;
}
std::string prose(std::size_t size) {
  return lines("line ", " of a text that says the same again and again", size);
}
std::string script(std::size_t size) { return lines("export const v", " = () => 1;", size); }
std::string styles(std::size_t size) { return lines(".c", " { color: red; margin: 0 }", size); }

std::string noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random() & 0xffU);
  return bytes;
}

class Maker {
 public:
  explicit Maker(const fs::path& root) : root_(root) {}

  void write(const std::string& name, std::string_view bytes) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream file(root_ / name, std::ios::binary);
    file << bytes;
    if (!file.flush()) throw std::runtime_error("cannot write " + name);
  }
  void write_with(const std::string& name, std::string_view bytes,
                  std::initializer_list<std::string_view> codings) const {
    write(name, bytes);
    for (const std::string_view coding : codings) {
      const std::string_view ending = coding == "gzip"             ? "gz"
                                      : coding.starts_with("zstd") ? "zst"
                                                                   : "br";
      write(formatted("{}.{}", name, ending), encode(coding, bytes));
    }
  }
  void link(const char* name, const char* to) const { fs::create_symlink(to, root_ / name); }
  void special(const char* name, mode_t kind) const {
    must(mknod((root_ / name).c_str(), kind | 0600U, 0), name);
  }
  static void set_time(const fs::path& path, const timespec& time) {
    const std::array<timespec, 2> times{time, time};
    must(utimensat(AT_FDCWD, path.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), path.string());
  }
  void set_time(const char* name, const timespec& time) const { set_time(root_ / name, time); }

 private:
  const fs::path& root_;
};

void write_representations(const Maker& make) {
  const std::string letters = "0123456789abcdefghijklmnopqrstuvwxyz";
  make.write("index.html", "<!doctype html><title>root</title>\n");
  make.write("a.txt", letters);
  make.write("b.txt", "other");
  make.write("empty.txt", "");
  make.write("one.bin", "x");
  make.write("big.bin", noise(100'000, 1));
  make.write("page.html", lines("<p>paragraph ", "</p>", 300));
  make.write_with("app.js", script(5000), {"br", "gzip"});
  make.write_with("only.css", styles(5000), {"zstd"});
  make.write_with("stale.js", script(5000), {"gzip"});
  make.write_with("newer.js", script(5000), {"br"});
  make.write_with("wide.css", styles(500), {"zstd-wide"});
  make.write_with("tiny.txt", letters, {"gzip"});
  make.write_with("data.bin", lines("record ", ";", 3000), {"gzip"});
  make.write("live.txt", prose(20'000));
  make.write("edge1023.txt", prose(1023));
  make.write("edge1024.txt", prose(1024));
  make.write("large.txt", prose(2U << 20U));
  make.write("image.png", "\x89PNG\r\n\x1a\n" + noise(3992, 2));
  make.write("future.txt", "later");
  make.write("later.txt", "later");
  make.write("past.txt", "before");
  make.write("older.txt", "before");
  make.write("far.txt", "far");
  make.write("epoch.txt", letters);
  make.write("data.json", lines("{\"n\": ", "}", 2000));
  make.write("pic.svg", lines("<circle r=\"", "\"/>", 2000));
}

// What has no plain file beside it.
void write_precoded(const Maker& make) {
  make.write("drawing.svgz", encode("gzip", lines("<circle r=\"", "\"/>", 2000)));
  make.write("game.wasm.br", encode("br", noise(3000, 3)));
  make.write("game.js.gz", encode("gzip", script(3000)));
  make.write("game.data.zst", encode("zstd", lines("record ", ";", 3000)));
  make.write("wide.data.zst", encode("zstd-wide", lines("record ", ";", 3000)));
  make.write("all.tar.gz", encode("gzip", lines("record ", ";", 3000)));
}

void write_names(const Maker& make) {
  for (const char* const name : {"README", "noext", "file.tar.gz", "UPPER.HTML"}) {
    make.write(name, "twenty bytes of text");
  }
  make.write("dir/index.html", "<p>dir");
  make.write("dir/sub/b.txt", "deep");
  make.write("bare/x.txt", "x");
  make.write("bare/y.txt", "y");
  make.write("sorted/alpha.txt", prose(300));
  make.write("sorted/beta.txt", prose(100));
  make.write("sorted/gamma.txt", prose(200));
  make.write("sorted/inner/x.txt", "x");
  make.write("sorted/zoo/x.txt", "x");
  make.write("about.html", "<p>about");
  make.write("both.html", "<p>both-file");
  make.write("both/index.html", "<p>both-folder");
  make.write("exact", "exact");
  make.write("exact.html", "<p>exact");
  make.write("assets/app.css", styles(40));
  make.write("assets/js/x.js", script(40));
  make.write("errors/404.html", "<p>custom not found");
  make.write(".well-known/security.txt", "contact");
  for (const char* const name :
       {".hidden", ".git/config", "backup~", "dir/.secret", "sorted/.dot", "sorted/kept~"}) {
    make.write(name, "hidden");
  }
  for (const char* const name :
       {"name with space.txt", "ünï.txt", "100%.txt", "semi;colon.txt", "plus+sign.txt",
        "quote\".txt", "<b>.txt", "a&b.txt", "q?.txt", "hash#.txt", "star*.txt"}) {
    make.write(name, name);
  }
  make.write("../canary.txt", "CANARY");
}

void write_links(const Maker& make) {
  make.link("link.txt", "a.txt");
  make.link("link-dir", "dir");
  make.link("dir/up.txt", "../a.txt");
  make.link("escape.txt", "../canary.txt");
  make.link("abs.txt", "/etc/hostname");
  make.link("escape-dir", "..");
  make.link("loop", "loop");
  make.link("dangling", "nothing");
  make.special("pipe", S_IFIFO);
  make.special("socket", S_IFSOCK);
  make.link("sorted/inside.txt", "../a.txt");
  make.link("sorted/outside.txt", "../../canary.txt");
  make.link("sorted/nowhere.txt", "nothing");
  make.special("sorted/fifo", S_IFIFO);
  make.special("sorted/socket", S_IFSOCK);
}

void set_times(const Maker& make, const fs::path& above) {
  for (const auto& entry : fs::recursive_directory_iterator(above)) {
    Maker::set_time(entry.path(), kUsual);
  }
  make.set_time("b.txt", kOfB);
  make.set_time("stale.js.gz", kDayBefore);
  make.set_time("newer.js.br", kDayAfter);
  make.set_time("future.txt", kFuture);
  make.set_time("epoch.txt", kEpoch);
  make.set_time("later.txt", kLater);
  make.set_time("past.txt", kPast);
  make.set_time("older.txt", kOlder);
  make.set_time("far.txt", kFar);
  make.set_time("sorted/gamma.txt", {kUsual.tv_sec + 31 * 86400, 0});
  make.set_time("sorted/alpha.txt", {kUsual.tv_sec + 60 * 86400, 0});
  make.set_time("sorted/beta.txt", {kUsual.tv_sec + 91 * 86400, 0});
}

}  // namespace

Fixture::Fixture() {
  std::string name = (fs::temp_directory_path() / "troika-parity-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) must(-1, name);
  above_ = name;
  root_ = above_ / "root";
  fs::create_directory(root_);
  const Maker make(root_);
  write_representations(make);
  write_precoded(make);
  write_names(make);
  write_links(make);
  set_times(make, above_);
}

Fixture::~Fixture() {
  std::error_code ignored;
  fs::remove_all(above_, ignored);
}

Checked<std::string> Fixture::read(const std::string& file) const {
  if (!fs::is_regular_file(root_ / file)) {
    return std::unexpected(formatted("there is no file {} in the fixture", file));
  }
  std::ostringstream bytes;
  bytes << std::ifstream(root_ / file, std::ios::binary).rdbuf();
  return std::move(bytes).str();
}

}  // namespace troika::parity
