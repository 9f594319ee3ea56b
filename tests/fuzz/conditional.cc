// The current entity tag, a line end, then field lines "name: value". Whatever they are, the rules
// that tie the preconditions together hold.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/semantics/conditional.h"

using namespace troika;

namespace {

constexpr std::time_t kModified = 784111777, kNow = 1'717'754'400;
constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

void require(bool condition) {
  if (!condition) std::abort();
}

std::string_view take_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
  return line;
}

Precondition with(std::string_view name, std::string_view value, const Validators& current,
                  Method method = Method::get) {
  HeaderMap headers;
  headers.add(name, value);
  return evaluate_preconditions(method, headers, current, kNow);
}
bool range_with(std::string_view value, const Validators& current) {
  HeaderMap headers;
  headers.add("if-range", value);
  return if_range_holds(headers, current, kNow);
}

void check_current(const Validators& current) {
  const std::string& etag = current.etag;
  const bool valid = matches_weakly(etag, etag);
  const bool strong = matches_strongly(etag, etag);
  require(valid || !strong);
  require(strong == (valid && !etag.starts_with("W/")));
  using enum Precondition;
  require(with("if-none-match", "*", current) == not_modified);
  require(with("if-none-match", "*", current, Method::put) == failed);
  require(with("if-match", "*", current) == holds);
  if (valid) {
    require(with("if-none-match", etag, current) == not_modified);
    require(with("if-none-match", "\"\", " + etag, current, Method::head) == not_modified);
  }
  require(!strong || with("if-match", etag, current) == holds);
  require(strong || with("if-match", valid ? etag : "\"\"", current) == failed);
  require(range_with(kDate, current) == strong);
  if (strong) require(range_with(etag, current));
}

void check_pair(std::string_view a, std::string_view b) {
  require(matches_strongly(a, b) == matches_strongly(b, a));
  require(matches_weakly(a, b) == matches_weakly(b, a));
  require(!matches_strongly(a, b) || (matches_weakly(a, b) && a == b));
}

void check_fields(const HeaderMap& headers, const Validators& current) {
  using enum Precondition;
  const Precondition got = evaluate_preconditions(Method::get, headers, current, kNow);
  require(evaluate_preconditions(Method::head, headers, current, kNow) == got);
  const Precondition put = evaluate_preconditions(Method::put, headers, current, kNow);
  require(put != not_modified);
  require(got != failed || put == failed);

  // What takes the place of a date makes it count for nothing.
  HeaderMap without = headers;
  if (headers.has("if-match")) without.remove("if-unmodified-since");
  if (headers.has("if-none-match")) without.remove("if-modified-since");
  require(evaluate_preconditions(Method::get, without, current, kNow) == got);

  HeaderMap twice = headers;
  if (const auto value = headers.get("if-range")) twice.add("if-range", *value);
  require(if_range_holds(twice, current, kNow) == !headers.has("if-range"));
  if (headers.has("if-range") && if_range_holds(headers, current, kNow)) {
    require(matches_strongly(current.etag, current.etag));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const Validators current{std::string(take_line(rest)), kModified};
  check_current(current);
  HeaderMap headers;
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    headers.add(line.substr(0, colon), line.substr(colon + 2));
    check_pair(line.substr(colon + 2), current.etag);
  }
  check_fields(headers, current);
  return 0;
}
