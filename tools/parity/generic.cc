#include "tools/parity/generic.h"

#include <ctime>

#include "base/text.h"
#include "http/message/date.h"

namespace troika::parity {
namespace {

class Requests {
 public:
  explicit Requests(std::string target) : target_(std::move(target)) {}

  void group(std::string name) { group_ = std::move(name); }
  void add(std::string name, Ask ask) {
    if (ask.target == "/") ask.target = target_;
    all_.push_back({group_, std::move(name), std::move(ask)});
  }
  void get(std::string name, Fields fields) { add(std::move(name), {.fields = std::move(fields)}); }
  // A field and its value say it all.
  void get(const std::string& field, const std::string& value) {
    get(formatted("{}: {}", field, value), {{field, value}});
  }
  void ask(const char* method, Fields fields = {}) {
    std::string name = method;
    for (const auto& [field, value] : fields) name += formatted(", {}: {}", field, value);
    add(std::move(name), {.method = method, .fields = std::move(fields)});
  }
  std::vector<Generic> take() { return std::move(all_); }

 private:
  std::string target_, group_;
  std::vector<Generic> all_;
};

void add_methods(Requests& requests, bool all_methods) {
  requests.group("methods");
  for (const char* const method :
       {"GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "NONSENSE", "get"}) {
    requests.ask(method);
  }
  requests.add("OPTIONS *", {.method = "OPTIONS", .target = "*"});
  requests.add("GET with a body", {.body = "hello"});
  if (!all_methods) return;
  for (const char* const method : {"POST", "PUT", "PATCH", "DELETE"}) requests.ask(method);
  requests.add("POST with a body", {.method = "POST", .body = "hello"});
}

void add_paths(Requests& requests, const std::string& target) {
  requests.group("paths");
  const std::string path = target.substr(0, target.find('?'));
  const auto add = [&](const char* name, const std::string& other) {
    requests.add(name, {.target = other});
  };
  add("with a query", path + "?parity=1");
  add("with an empty query", path + "?");
  add("with a dot segment", "/." + path);
  add("with two slashes", "/" + path);
  add("one that is not there", "/troika-parity-not-there");
  add("a folder that is not there", "/troika-parity-not-there/");
  add("above the root", "/../troika-parity");
  add("above the root, encoded", "/%2e%2e/troika-parity");
  add("a bad escape", "/%zz");
  add("an encoded NUL", "/a%00b");
  add("an encoded slash", "/a%2fb");
}

void add_tags(Requests& requests, const std::string& etag) {
  if (etag.empty()) return;
  const std::string weak = etag.starts_with("W/") ? etag : "W/" + etag;
  requests.group("entity tags");
  requests.get("If-None-Match: ETAG", {{"If-None-Match", etag}});
  requests.get("If-None-Match: W/ETAG", {{"If-None-Match", weak}});
  requests.get("If-None-Match: \"x\", ETAG", {{"If-None-Match", "\"x\", " + etag}});
  requests.get("If-None-Match", "\"x\"");
  requests.get("If-None-Match", "*");
  requests.get("If-None-Match", "x");
  requests.add("HEAD, If-None-Match: ETAG",
               {.method = "HEAD", .fields = {{"If-None-Match", etag}}});
  requests.get("If-Match: ETAG", {{"If-Match", etag}});
  requests.get("If-Match: W/ETAG", {{"If-Match", weak}});
  requests.get("If-Match", "\"x\"");
  requests.get("If-Match", "*");
  requests.get("If-Match: ETAG and If-None-Match: ETAG",
               {{"If-Match", etag}, {"If-None-Match", etag}});
  requests.get("If-Range: ETAG, Range: bytes=0-3", {{"If-Range", etag}, {"Range", "bytes=0-3"}});
  requests.get("If-Range: \"x\", Range: bytes=0-3",
               {{"If-Range", "\"x\""}, {"Range", "bytes=0-3"}});
}

void add_dates(Requests& requests, const std::string& date) {
  const auto then = parse_http_date(date, std::time(nullptr));
  if (!then) return;
  const std::string before = format_http_date(*then - 1), after = format_http_date(*then + 1);
  requests.group("dates");
  requests.get("If-Modified-Since: DATE", {{"If-Modified-Since", date}});
  requests.get("If-Modified-Since: DATE - 1 s", {{"If-Modified-Since", before}});
  requests.get("If-Modified-Since: DATE + 1 s", {{"If-Modified-Since", after}});
  requests.get("If-Modified-Since", "yesterday");
  requests.get("If-Modified-Since: DATE and If-None-Match: \"x\"",
               {{"If-Modified-Since", date}, {"If-None-Match", "\"x\""}});
  requests.get("If-Unmodified-Since: DATE", {{"If-Unmodified-Since", date}});
  requests.get("If-Unmodified-Since: DATE - 1 s", {{"If-Unmodified-Since", before}});
  requests.get("If-Range: DATE, Range: bytes=0-3", {{"If-Range", date}, {"Range", "bytes=0-3"}});
  requests.get("If-Range: DATE + 1 s, Range: bytes=0-3",
               {{"If-Range", after}, {"Range", "bytes=0-3"}});
}

void add_ranges(Requests& requests, std::size_t size) {
  requests.group("ranges");
  for (const char* const range :
       {"bytes=0-0", "bytes=1-3", "bytes=2-", "bytes=-2", "bytes=-0", "bytes=3-1", "bytes=a-b",
        "lines=0-1", "bytes=0-99999999999999999999", "bytes=0-0,2-3", "bytes= 0-0 , ,2-3",
        "bytes=2-3,0-0", "bytes=0-,0-,0-,0-"}) {
    requests.get("Range", range);
  }
  requests.get("Range: bytes=SIZE-", {{"Range", formatted("bytes={}-", size)}});
  requests.get("Range: bytes=0-0,SIZE-", {{"Range", formatted("bytes=0-0,{}-", size)}});
  requests.ask("HEAD", {{"Range", "bytes=0-0"}});
}

void add_fields(Requests& requests) {
  requests.group("codings");
  for (const char* const codings :
       {"gzip", "br", "zstd", "gzip, deflate, br, zstd", "gzip;q=0.5, identity", "identity;q=0",
        "*;q=0", "*", "nonsense"}) {
    requests.get("Accept-Encoding", codings);
  }
  requests.get("Accept-Encoding: gzip, Range: bytes=0-0",
               {{"Accept-Encoding", "gzip"}, {"Range", "bytes=0-0"}});
  requests.ask("HEAD", {{"Accept-Encoding", "gzip, br"}});
  requests.group("others");
  requests.get("Accept", "application/json");
  requests.get("Accept", "text/html;q=0");
  requests.get("Want-Repr-Digest", "sha-256=1");
  requests.get("Origin", "https://app.example");
  requests.add("a CORS preflight", {.method = "OPTIONS",
                                    .fields = {{"Origin", "https://app.example"},
                                               {"Access-Control-Request-Method", "GET"}}});
}

}  // namespace

std::vector<Generic> generic_requests(const std::string& target, const Learned& learned,
                                      bool all_methods) {
  Requests requests(target);
  add_methods(requests, all_methods);
  add_paths(requests, target);
  add_tags(requests, learned.etag);
  add_dates(requests, learned.last_modified);
  add_ranges(requests, learned.size);
  add_fields(requests);
  return requests.take();
}

}  // namespace troika::parity
