#include "tools/parity/generated.h"

#include <array>
#include <format>
#include <random>
#include <span>

#include "tools/parity/profiles.h"
#include "tools/parity/values.h"

namespace troika::parity {
namespace {

using Words = std::span<const char* const>;

// Those that can be asked for and are there: the target, and its name for {etag} and the like.
struct Known {
  const char *target, *file;
};
constexpr std::array<Known, 40> kFiles{{
    {"/", "index.html"},
    {"/a.txt", "a.txt"},
    {"/a.txt?v=1", "a.txt"},
    {"/%61.txt", "a.txt"},
    {"//a.txt", "a.txt"},
    {"/dir/../a.txt", "a.txt"},
    {"/./b.txt", "b.txt"},
    {"/b.txt", "b.txt"},
    {"/empty.txt", "empty.txt"},
    {"/one.bin", "one.bin"},
    {"/big.bin", "big.bin"},
    {"/page.html", "page.html"},
    {"/app.js", "app.js"},
    {"/app.js", "app.js.br"},
    {"/app.js.gz", "app.js.gz"},
    {"/only.css", "only.css.zst"},
    {"/stale.js", "stale.js"},
    {"/newer.js", "newer.js.br"},
    {"/tiny.txt", "tiny.txt.gz"},
    {"/data.bin", "data.bin.gz"},
    {"/live.txt", "live.txt"},
    {"/drawing.svgz", "drawing.svgz"},
    {"/game.js.gz", "game.js.gz"},
    {"/wide.css", "wide.css"},
    {"/wide.data.zst", "wide.data.zst"},
    {"/edge1023.txt", "edge1023.txt"},
    {"/edge1024.txt", "edge1024.txt"},
    {"/large.txt", "large.txt"},
    {"/image.png", "image.png"},
    {"/future.txt", "future.txt"},
    {"/data.json", "data.json"},
    {"/pic.svg", "pic.svg"},
    {"/dir/", "dir/index.html"},
    {"/about", "about.html"},
    {"/assets/app.css", "assets/app.css"},
    {"/name%20with%20space.txt", "name with space.txt"},
    {"/%C3%BCn%C3%AF.txt", "ünï.txt"},
    {"/link.txt", "a.txt"},
    {"/link-dir/up.txt", "a.txt"},
    {"/.well-known/security.txt", ".well-known/security.txt"},
}};

constexpr std::array kOddTargets{"/nothing",
                                 "/nothing.js",
                                 "/a/b/c",
                                 "/dir",
                                 "/dir?x=1",
                                 "/bare",
                                 "/bare/",
                                 "/bare/?sort=size&order=desc",
                                 "/bare/?page=9&sort=nonsense",
                                 "/both",
                                 "/both/",
                                 "/exact",
                                 "/exact/",
                                 "/a.txt/",
                                 "/.hidden",
                                 "/.git/config",
                                 "/backup~",
                                 "/dir/.secret",
                                 "/escape.txt",
                                 "/abs.txt",
                                 "/escape-dir/",
                                 "/escape-dir/canary.txt",
                                 "/loop",
                                 "/dangling",
                                 "/pipe",
                                 "/socket",
                                 "/../canary.txt",
                                 "/%2e%2e/canary.txt",
                                 "/..%2fcanary.txt",
                                 "/dir/..%5c..%5ccanary.txt",
                                 "/a%00.txt",
                                 "/%zz",
                                 "/a.txt%",
                                 "/%",
                                 "/100%25.txt",
                                 "/semi;colon.txt",
                                 "/plus+sign.txt",
                                 "/quote%22.txt",
                                 "/%3Cb%3E.txt",
                                 "/a&b.txt",
                                 "/q%3F.txt",
                                 "/hash%23.txt",
                                 "/star*.txt",
                                 "/?",
                                 "/??",
                                 "/a.txt?%zz",
                                 "/A.TXT",
                                 "/UPPER.HTML",
                                 "/README",
                                 "/file.tar.gz",
                                 "/a.txt;v=1"};
constexpr std::array kRareMethods{"HEAD", "HEAD",   "HEAD",  "OPTIONS", "OPTIONS",  "POST",
                                  "PUT",  "DELETE", "PATCH", "TRACE",   "PROPFIND", "get"};
// Placeholders are those of the file that is asked for.
constexpr std::array kTags{
    "{etag F}",      "W/{etag F}",          "\"wrong\"",  "W/\"wrong\"", "*", "\"a\", {etag F}",
    "{etag F},",     ", ,{etag F} , \"b\"", "{opaque F}", "\"unclosed",  "",  "{live F br}",
    "{live F zstd}", "\"a\",, W/{etag F}"};
constexpr std::array kDates{"{date F}",
                            "{date F +1}",
                            "{date F -1}",
                            "{date F -86400}",
                            "Wednesday, 01-Jan-20 00:00:00 GMT",
                            "Wed Jan  1 00:00:00 2020",
                            "Thu, 01 Jan 1970 00:00:00 GMT",
                            "Fri, 31 Dec 2100 23:59:59 GMT",
                            "yesterday",
                            "",
                            "Wed, 01 Jan 2020 00:00:00"};
constexpr std::array kRanges{
    "bytes=0-0",
    "bytes=0-4",
    "bytes=5-",
    "bytes=-5",
    "bytes=-0",
    "bytes=0-",
    "bytes=35-40",
    "bytes=36-",
    "bytes=100000-",
    "bytes=0-99999999999999999999999",
    "bytes=5-2",
    "bytes=a-b",
    "bytes=",
    "bytes",
    "lines=0-4",
    "BYTES=0-4",
    "bytes=0-4,10-19",
    "bytes= 0-4 , 10-19 ,",
    "bytes=10-19,0-4",
    "bytes=0-4,2-6",
    "bytes=0-,0-,0-",
    "bytes=0-1,1-2,2-3,3-4",
    "bytes=-1,0-0",
    "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15",
    "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,10-10,11-11,12-12,13-13,14-14,15-15,16-16",
    "bytes=0-4, 200000-"};
constexpr std::array kCodings{"gzip",
                              "br",
                              "zstd",
                              "gzip, deflate, br, zstd",
                              "gzip;q=0.5, br;q=0.4",
                              "identity",
                              "identity;q=0",
                              "*",
                              "*;q=0",
                              "*;q=0, gzip",
                              "br;q=0, *",
                              "deflate",
                              "",
                              "gzip;q=1.001",
                              "x-gzip",
                              "GZIP",
                              "identity;q=0.5, gzip;q=0.5",
                              "gzip;q=0",
                              "br;q=x, gzip",
                              "zstd, identity;q=0"};
constexpr std::array kDigests{
    "sha-256=1",     "sha-256=0", "sha-512=5, sha-256=2", "sha-256", "sha-512=1",
    "sha-256=\"1\"", "",          "sha-256=10, sha-256=0"};
constexpr std::array kAccepts{
    "text/html",     "*/*", "application/json",    "text/html;q=0.5, application/json", "text/*",
    "text/html;q=0", "",    "image/png, */*;q=0.1"};
constexpr std::array kOrigins{"https://app.example", "http://localhost:3000",
                              "https://evil.example", "null", "https://APP.example"};

class Generator {
 public:
  Generator(const Fixture& fixture, std::uint64_t seed) : fixture_(fixture), random_(seed) {}

  Generated next(std::size_t number) {
    ask_ = {};
    choose_target();
    if (chance(4)) ask_.method = pick(kRareMethods);
    if (ask_.method == "OPTIONS" && chance(4)) ask_.target = "*";
    add_conditions();
    if (chance(3)) add("Range", pick(kRanges));
    if (chance(40)) add("Range", pick(kRanges));
    if (chance(2)) add("Accept-Encoding", pick(kCodings));
    if (chance(30)) add("Accept-Encoding", pick(kCodings));
    if (chance(8)) add("Want-Repr-Digest", pick(kDigests));
    if (chance(4)) add("Accept", pick(kAccepts));
    add_origin();
    add_body();
    const auto& all = profiles();
    const bool usual = chance(3);
    return {number, usual ? all[0].name : all[below(all.size())].name, std::move(ask_)};
  }

 private:
  // mt19937_64 is the same everywhere; the standard's distributions are not.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  const char* pick(Words words) { return words[below(words.size())]; }

  void choose_target() {
    const Known& known = kFiles.at(below(kFiles.size()));
    ask_.target = known.target;
    file_ = known.file;
    if (chance(4)) ask_.target = pick(kOddTargets);
    // Two million bytes are worth less than many small answers.
    if (ask_.target == "/large.txt" && chance(2)) ask_.method = "HEAD";
  }

  void add(const char* name, std::string text) {
    for (std::size_t at = text.find(" F"); at != std::string::npos; at = text.find(" F", at + 2)) {
      const char after = text[at + 2];
      if (after == '}' || after == ' ') text.replace(at, 2, " " + file_);
    }
    ask_.fields.emplace_back(name, *expand(fixture_, text));
  }

  void add_conditions() {
    if (chance(4)) add("If-None-Match", pick(kTags));
    if (chance(8)) add("If-Match", pick(kTags));
    if (chance(6)) add("If-Modified-Since", pick(kDates));
    if (chance(8)) add("If-Unmodified-Since", pick(kDates));
    if (chance(10)) add("If-Range", chance(2) ? pick(kTags) : pick(kDates));
    if (chance(60)) add("If-None-Match", pick(kTags));
  }

  void add_origin() {
    if (!chance(6)) return;
    add("Origin", pick(kOrigins));
    if (chance(3)) add("Access-Control-Request-Method", chance(2) ? "GET" : "PUT");
    if (chance(4)) add("Access-Control-Request-Headers", "range, x-thing");
  }

  void add_body() {
    const bool usual = ask_.method == "POST" || ask_.method == "PUT" || ask_.method == "PATCH";
    if (!(usual && chance(2)) && !chance(50)) return;
    if (ask_.method == "TRACE") return;  // RFC 9110 §9.3.8: has none
    ask_.body = std::string(below(3) * 700, 'b');
  }

  const Fixture& fixture_;
  std::mt19937_64 random_;
  Ask ask_;
  std::string file_;
};

}  // namespace

std::vector<Generated> generate(const Fixture& fixture, std::size_t count, std::uint64_t seed) {
  Generator generator(fixture, seed);
  std::vector<Generated> all;
  all.reserve(count);
  for (std::size_t i = 0; i < count; ++i) all.push_back(generator.next(i));
  return all;
}

}  // namespace troika::parity
