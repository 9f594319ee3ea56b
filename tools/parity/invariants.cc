#include "tools/parity/invariants.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/text.h"
#include "tools/parity/check.h"
#include "tools/parity/coding.h"
#include "tools/parity/multipart.h"

namespace troika::parity {
namespace {

// 408 is not among them: nobody who asks here is slow.
constexpr std::array<std::uint16_t, 15> kStatuses{200, 204, 206, 304, 308, 400, 404, 405,
                                                  406, 412, 414, 416, 417, 431, 501};
constexpr std::array<std::string_view, 4> kHidden{"/.hidden", "/.git/config", "/backup~",
                                                  "/dir/.secret"};
constexpr std::size_t kWhole = 1U << 20U;  // what is larger is compressed as it is sent
constexpr std::string_view kSecret = "hidden";

struct ContentRange {
  std::uint64_t first = 0, last = 0, size = 0;
};

bool read(std::string_view& text, std::uint64_t& number, std::string_view after) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.starts_with(after)) return false;
  text.remove_prefix(after.size());
  return true;
}

std::optional<ContentRange> content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return {};
  text.remove_prefix(kUnit.size());
  ContentRange range;
  if (!read(text, range.first, "-") || !read(text, range.last, "/") ||
      !read(text, range.size, "") || !text.empty()) {
    return {};
  }
  return range.first <= range.last && range.last < range.size ? std::optional(range) : std::nullopt;
}

class Examination {
 public:
  Examination(const Ask& ask, const Profile& profile, std::string_view protocol,
              const Answer& answer)
      : ask_(ask), profile_(profile), protocol_(protocol), answer_(answer) {}

  std::vector<std::string> run() {
    decode_content();
    look_at_status();
    look_at_fields();
    look_at_length();
    if (answer_.status == 206) look_at_parts();
    look_for_secrets();
    return std::move(wrong_);
  }

 private:
  void want(bool holds, std::string_view sentence) {
    if (!holds) wrong_.emplace_back(sentence);
  }
  std::vector<std::string_view> values(std::string_view name) const {
    return values_of(answer_, name);
  }
  bool has(std::string_view name) const { return !values(name).empty(); }
  bool is(std::string_view name, std::string_view value) const {
    const auto all = values(name);
    return all.size() == 1 && all[0] == value;
  }
  bool asked(std::string_view name) const {
    return std::ranges::any_of(ask_.fields, [&](const auto& field) {
      return ascii::equal_ignoring_case(field.first, name);
    });
  }

  void decode_content() {
    content_ = answer_.body;
    const auto codings = values("content-encoding");
    if (codings.empty() || answer_.status == 206 || ask_.method == "HEAD") return;
    want(codings.size() == 1, "content-encoding is there several times");
    auto decoded = decode(codings[0], answer_.body);
    want(decoded.has_value(), "the body is not of its content-encoding");
    if (decoded) content_ = std::move(*decoded);
  }

  void look_at_status() {
    const std::uint16_t status = answer_.status;
    want(std::ranges::contains(kStatuses, status),
         formatted("status {} is none of docs/static-files.md", status));
    const bool reads = ask_.method == "GET" || ask_.method == "HEAD";
    want(reads || status == 204 || status >= 400, "content for a method that only reads");
    want(status != 206 || (ask_.method == "GET" && asked("range")), "206 without a Range of GET");
    want(status != 304 || reads, "304 for another method than GET and HEAD");
    const bool hidden = !profile_.options.dotfiles && std::ranges::contains(kHidden, ask_.target);
    want(!hidden || !reads || status == 404, "a hidden name is not 404");
    if (status == 204 || status == 405) {
      want(is("allow", "GET, HEAD, OPTIONS"), "allow is not GET, HEAD, OPTIONS");
    }
    want((status == 308) == has("location"), "location belongs to 308, and to it alone");
  }

  void look_at_fields() {
    want(values("date").size() == 1, "date is not there once");
    want(values("alt-svc").size() == (protocol_ == "h3" ? 0U : 1U),
         "alt-svc leads from h1 and h2 to h3");
    for (const std::string_view name :
         {"content-type", "content-length", "content-encoding", "content-range", "etag",
          "last-modified", "location", "cache-control", "accept-ranges", "repr-digest"}) {
      want(values(name).size() <= 1, formatted("{} is there several times", name));
    }
    if (!answer_.body.empty()) {
      want(is("x-content-type-options", "nosniff"), "content without nosniff");
      want(has("content-type"), "content without content-type");
    }
    if (answer_.status == 304) {
      for (const std::string_view name :
           {"content-type", "content-length", "content-encoding", "last-modified"}) {
        want(!has(name), formatted("{} of a 304", name));
      }
    }
    if (has("content-encoding")) want(varies(), "content-encoding without vary: accept-encoding");
    const bool made_text = answer_.status == 308 || is("content-type", "text/plain; charset=utf-8");
    if (of_handler(answer_.status) && made_text) {
      want(is("cache-control", "no-cache"), "cache-control of a short text is not no-cache");
    }
  }

  bool varies() const {
    return std::ranges::any_of(values("vary"), [](std::string_view list) {
      return list.contains("accept-encoding") || list.contains("Accept-Encoding");
    });
  }

  // RFC 9110 §8.6. Only what is compressed as it is sent has no length before.
  void look_at_length() {
    const auto lengths = values("content-length");
    if (ask_.method == "HEAD" || answer_.status == 204 || answer_.status == 304) {
      want(answer_.body.empty(),
           formatted("{} with a body",
                     ask_.method == "HEAD" ? std::string("HEAD") : std::to_string(answer_.status)));
      return;
    }
    if (lengths.empty()) {
      want(has("content-encoding") && content_.size() > kWhole, "no content-length");
    } else if (lengths[0] != std::to_string(answer_.body.size())) {
      want(false,
           formatted("content-length: {}, of a body of {} bytes", lengths[0], answer_.body.size()));
    }
    if (answer_.status != 416) {
      want(has("content-range") == (answer_.status == 206 && !is_multipart()),
           "content-range belongs to 206 of one range, and to 416");
    } else {
      want(
          values("content-range").size() == 1 && values("content-range")[0].starts_with("bytes */"),
          "416 without content-range: bytes */SIZE");
    }
  }

  bool is_multipart() const {
    const auto types = values("content-type");
    return types.size() == 1 && boundary_of(types[0]).has_value();
  }

  void look_at_parts() {
    if (!is_multipart()) {
      const auto ranges = values("content-range");
      if (ranges.size() == 1) look_at_part(ranges[0], answer_.body);
      return;
    }
    const auto parts = parse_multipart(answer_.body, *boundary_of(values("content-type")[0]));
    want(parts.has_value() && parts->size() > 1, "206 without several parts");
    if (!parts) return;
    for (const Part& part : *parts) {
      std::map<std::string, std::string> fields(part.fields.begin(), part.fields.end());
      want(fields.contains("content-type"), "a part without content-type");
      look_at_part(fields["content-range"], part.body);
    }
  }

  void look_at_part(std::string_view text, std::string_view bytes) {
    const auto range = content_range(text);
    want(range && range->last - range->first + 1 == bytes.size(),
         formatted("content-range {} of {} bytes", shown(text), bytes.size()));
    // "bytes=0-4" of what must not be seen at all.
    const bool secret = range && range->size == kSecret.size() && bytes.size() >= 3;
    want(!secret || profile_.options.dotfiles || !kSecret.contains(bytes),
         "a part of a hidden file");
  }

  void look_for_secrets() {
    constexpr std::string_view kCanary = "CANARY";
    want(!content_.contains(kCanary) && !answer_.body.contains(kCanary), "CANARY in the body");
    for (const auto* const fields : {&answer_.fields, &answer_.trailers}) {
      for (const auto& [name, value] : *fields) want(!value.contains(kCanary), "CANARY in " + name);
    }
    want(profile_.options.dotfiles || content_ != kSecret, "a hidden file");
  }

  const Ask& ask_;
  const Profile& profile_;
  std::string_view protocol_;
  const Answer& answer_;
  std::string content_;  // without its coding
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> broken(const Ask& ask, const Profile& profile, std::string_view protocol,
                                const Answer& answer) {
  if (!answer.failure.empty()) return {"no whole answer: " + answer.failure};
  return Examination(ask, profile, protocol, answer).run();
}

bool of_handler(std::uint16_t status) {
  constexpr std::array<std::uint16_t, 6> kOfHandler{308, 404, 405, 406, 412, 416};
  return std::ranges::contains(kOfHandler, status);
}

std::string short_text(std::uint16_t status) {
  static const std::map<std::uint16_t, std::string_view> phrases{
      {400, "Bad Request"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {431, "Request Header Fields Too Large"},
      {501, "Not Implemented"}};
  const auto found = phrases.find(status);
  return found == phrases.end() ? "" : formatted("{} {}\n", status, found->second);
}

}  // namespace troika::parity
