#include <array>
#include <unordered_set>

#include "base/text.h"
#include "files/escape_site.h"

// What is asked for in the hope of a canary.

namespace troika::files {
namespace {

namespace fs = std::filesystem;

// "..", and what some decoder, somewhere, takes for it.
constexpr std::array kParents{"..",
                              "%2e%2e",
                              "%2E%2E",
                              ".%2e",
                              "%2e.",
                              ".%2E",
                              "%2E.",
                              "%2e%2E",
                              "%2E%2e",
                              "%252e%252e",
                              "%25252e%25252e",
                              "%c0%ae%c0%ae",
                              "%c0%2e%c0%2e",
                              "%e0%80%ae%e0%80%ae",
                              "%f0%80%80%ae%f0%80%80%ae",
                              "%u002e%u002e",
                              "%%32%65%%32%65",
                              "%uff0e%uff0e",
                              "%ef%bc%8e%ef%bc%8e",
                              "..;",
                              "..;x=1",
                              "%2e%2e;",
                              "..%3b",
                              "..%00",
                              "%00..",
                              ".%00.",
                              "..%20",
                              "%20..",
                              "..%09",
                              "..%0d%0a",
                              "...",
                              "....",
                              "..%2e",
                              "..%7f",
                              "..%ff",
                              "..*",
                              "~..",
                              "..%23",
                              "..%3f"};
constexpr std::array kSlashes{"/",    "//",  "/./",   "/%2e/", "\\",     "%2f",       "%2F",
                              "%5c",  "%5C", "%252f", "%255c", "%c0%af", "%e0%80%af", "%ef%bc%8f",
                              "%00/", ";/",  "%20/",  "/;x/",  "/%2f",   "%2f/",      "/\\"};
// Behind something that is there, or is not; how many parents lead out of it.
struct Start {
  const char* path;
  int depth;
};
constexpr std::array<Start, 8> kStarts{{{"", 1},
                                        {"/dir", 2},
                                        {"/dir/sub", 3},
                                        {"/inside.txt", 2},
                                        {"/nothing", 2},
                                        {"/out-folder", 2},
                                        {"/dir/sub/inside.txt", 4},
                                        {"/link-inside.txt", 2}}};
constexpr std::array kFewParents{"..", "%2e%2e", ".%2E", "%252e%252e", "%c0%ae%c0%ae", "..;"};
constexpr std::array kFewSlashes{"/", "//", "%2f", "%5c", "\\"};

// Names that lead out by a link, or are hidden.
constexpr std::array kNames{"out-file.txt",
                            "out-above.txt",
                            "out-absolute.txt",
                            "out-twice.txt",
                            "out-thrice.txt",
                            "out-folder",
                            "out-folder/",
                            "out-folder/canary.txt",
                            "out-folder/index.html",
                            "out-folder/sub/canary.txt",
                            "out-folder/page.html",
                            "out-folder/page",
                            "out-folder/..",
                            "out-folder/../canary.txt",
                            "out-folder/%2e%2e/canary.txt",
                            "out-folder-absolute/canary.txt",
                            "out-folder-absolute/",
                            "out-parent",
                            "out-parent/",
                            "out-parent/canary.txt",
                            "out-parent/root/inside.txt",
                            "out-parent/outside/canary.txt",
                            "out-parent/root-twin/",
                            "out-slash",
                            "out-slash/",
                            "out-slash/etc/passwd",
                            "out-through-folder.txt",
                            "out-twin.txt",
                            "dir/out-deep.txt",
                            "dir/sub/out-deep/",
                            "dir/sub/out-deep/canary.txt",
                            "out-and-back.txt",
                            "out-dangling",
                            "out-loop",
                            "out-loop/",
                            "out-loop-a",
                            "out-loop-b/x",
                            "out-magic.txt",
                            "out-cwd/",
                            "out-fds/",
                            "out-fds/0",
                            "out-fds/3",
                            "out-clean",
                            "out-clean.html",
                            "lure/",
                            "lure",
                            "lure/index.html",
                            "side.js",
                            "side.js.br",
                            "side.js.zst",
                            "side.js.gz",
                            "big.css",
                            "big.css.br",
                            "big.css.gz",
                            "out-file.txt/",
                            "out-file.txt?x=1",
                            "./out-file.txt",
                            "dir/../out-file.txt",
                            "/out-file.txt",
                            ".hidden",
                            "%2ehidden",
                            ".git/config",
                            ".git/",
                            ".git",
                            "%2Egit/config",
                            "dir/.env",
                            "dir/%2eenv",
                            "canary.txt~",
                            "canary.txt%7e",
                            ".hidden/",
                            ".%2fhidden",
                            ".well-known/../.hidden",
                            ".well-known/../../canary.txt"};

class Corpus {
 public:
  void add(std::string target) {
    if (seen_.insert(target).second) targets_.push_back(std::move(target));
  }
  std::vector<std::string> take() { return std::move(targets_); }

 private:
  std::unordered_set<std::string> seen_;
  std::vector<std::string> targets_;
};

std::string climb(std::string_view start, int depth, std::string_view parent,
                  std::string_view slash, std::string_view to) {
  std::string target = std::string(start) + "/";
  for (int i = 0; i < depth; ++i) target += formatted("{}{}", parent, slash);
  return target + std::string(to);
}

enum class Digits : std::uint8_t { lower, upper };
std::string percent_encoded(std::string_view name, std::string_view percent, Digits digits) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    out += percent;
    out += digits == Digits::upper ? formatted("{:02X}", byte) : formatted("{:02x}", byte);
  }
  return out;
}

void add_climbs(Corpus& corpus) {
  for (const char* const parent : kParents) {
    for (const char* const slash : kSlashes) {
      corpus.add(climb("", 1, parent, slash, "canary.txt"));
    }
    corpus.add(climb("", 2, parent, "/", "canary.txt"));
    corpus.add(climb("", 1, parent, "/", "outside/canary.txt"));
    corpus.add(climb("", 1, parent, "/", "root-twin/canary.txt"));
    corpus.add(climb("", 12, parent, "/", "etc/passwd"));
    corpus.add(formatted("/{}", parent));
    corpus.add(formatted("/inside.txt{}", parent));
    corpus.add(formatted("/dir/{}", parent));
    corpus.add(formatted("/{}canary.txt", parent));
  }
  for (const auto& [path, depth] : kStarts) {
    for (const char* const parent : kFewParents) {
      for (const char* const slash : kFewSlashes) {
        for (const int more : {0, 1}) {
          corpus.add(climb(path, depth + more, parent, slash, "canary.txt"));
        }
      }
    }
  }
}

void add_lengths(Corpus& corpus) {
  for (const int parents : {10, 100, 1365, 2700}) {  // 4 KiB, and almost the longest target
    corpus.add(climb("", parents, "..", "/", "canary.txt"));
    corpus.add(climb("", parents / 3, "%2e%2e", "/", "canary.txt"));
  }
  std::string deep, back;
  for (int i = 0; i < 600; ++i) {
    deep += "/dir";
    back += "/..";
  }
  corpus.add(deep + back + "/../canary.txt");
  corpus.add(deep + back + "/out-file.txt");
  corpus.add("/" + std::string(4096, '/') + "../canary.txt");
  corpus.add("/" + std::string(4096, '.') + "/canary.txt");
  corpus.add("/" + std::string(300, 'a') + "/../../canary.txt");
}

void add_names(Corpus& corpus) {
  for (const char* const name : kNames) corpus.add(formatted("/{}", name));
  for (const char* const name : {"out-file.txt", "out-absolute.txt", "out-folder", ".hidden"}) {
    corpus.add("/" + percent_encoded(name, "%", Digits::lower));
    corpus.add("/" + percent_encoded(name, "%", Digits::upper));
    corpus.add("/" + percent_encoded(name, "%25", Digits::lower));
  }
  for (const char* const ending : {".", "..", "%20", "%00", "%00.html", ";x", "%3bx", "%5c", "\\",
                                   "/.", "/..", "::$DATA", ".html", ".br", "~", "%ff"}) {
    corpus.add(formatted("/out-file.txt{}", ending));
    corpus.add(formatted("/out-folder{}", ending));
    corpus.add(formatted("/.hidden{}", ending));
  }
}

void add_foreign(Corpus& corpus, const fs::path& canary) {
  const std::string absolute = canary.string();
  for (const char* const before : {"",
                                   "/",
                                   "//",
                                   "/proc/self/root",
                                   "/proc/self/cwd",
                                   "/proc/1/root",
                                   "/proc/self/fd/3/..",
                                   "/C:",
                                   "/c:/..",
                                   "/C|",
                                   "/%43:%5c",
                                   "//localhost",
                                   "///",
                                   "/\\\\localhost\\c$",
                                   "//?/C:",
                                   "//./C:",
                                   "\\\\localhost",
                                   "file://",
                                   "file:",
                                   "/file://",
                                   "http://localhost",
                                   "https://localhost/..",
                                   "http://localhost/%2e%2e",
                                   "https://127.0.0.1//",
                                   "~",
                                   "/~",
                                   "/~root",
                                   "/%7eroot",
                                   "/./",
                                   "/dir/",
                                   "/dev/fd/3",
                                   "/dir//",
                                   "*",
                                   "?",
                                   "#",
                                   "/?",
                                   "/#"}) {
    corpus.add(formatted("{}{}", before, absolute));
    corpus.add(formatted("{}/../canary.txt", before));
    corpus.add(formatted("{}/etc/passwd", before));
    corpus.add(formatted("{}/out-file.txt", before));
  }
  for (const char* const odd :
       {"..", "../canary.txt", "canary.txt", "%2e%2e/canary.txt", "%2fetc", "./../canary.txt",
        "inside.txt/../../canary.txt", "%", "/%", "/%2", "/%zz", "/..%", "/%2e%2e%",
        "/..?/../canary.txt", "/..#/canary.txt", "/inside.txt?/../../canary.txt",
        "/inside.txt?file=../canary.txt"}) {
    corpus.add(odd);
  }
}

}  // namespace

std::vector<std::string> EscapeSite::targets() const {
  Corpus corpus;
  add_climbs(corpus);
  add_lengths(corpus);
  add_names(corpus);
  add_foreign(corpus, fs::weakly_canonical(ground_.at("../canary.txt")));
  return corpus.take();
}

}  // namespace troika::files
