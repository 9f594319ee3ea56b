#include "http/message/trace_context.h"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <utility>
#include <vector>

using namespace troika;

namespace {

const std::string kTrace = "0af7651916cd43dd8448eb211c80319c", kParent = "b7ad6b7169203331";
const std::string kValid = "00-" + kTrace + "-" + kParent + "-01";

std::string members(int count) {
  std::string list;
  for (int i = 0; i < count; ++i) list += "k" + std::to_string(i) + "=v,";
  return list;
}

using Lines = std::vector<std::pair<std::string, std::string>>;
Lines cleaned(const Lines& lines) {
  HeaderMap fields;
  for (const auto& [name, value] : lines) fields.add(name, value);
  clean_trace_context(fields);
  Lines left;
  for (const auto& [name, value] : fields) left.emplace_back(name, value);
  return left;
}

}  // namespace

TEST_CASE("A traceparent has a version, a trace, a parent and flags, in lower case") {
  const std::pair<std::string, bool> rows[] = {
      {kValid, true},
      {"00-" + kTrace + "-" + kParent + "-ff", true},
      {"cc-" + kTrace + "-" + kParent + "-01", true},
      {"cc-" + kTrace + "-" + kParent + "-01-what", true},
      {"cc-" + kTrace + "-" + kParent + "-01.what", false},
      {kValid + "-", false},
      {kValid.substr(1), false},
      {kValid.substr(0, 54), false},
      {"", false},
      {"ff-" + kTrace + "-" + kParent + "-01", false},
      {"0G-" + kTrace + "-" + kParent + "-01", false},
      {"00-" + std::string(32, '0') + "-" + kParent + "-01", false},
      {"00-" + kTrace + "-" + std::string(16, '0') + "-01", false},
      {"00-0AF7651916cd43dd8448eb211c80319c-" + kParent + "-01", false},
      {"00_" + kTrace + "-" + kParent + "-01", false},
      {"00-" + kTrace + "-" + kParent + "_01", false},
      {"00-" + kTrace + "." + kParent + "-01", false},
      {"00-" + kTrace + "-" + kParent + "-0x", false},
  };
  for (const auto& [text, valid] : rows) {
    CAPTURE(text);
    CHECK(valid_traceparent(text) == valid);
  }
  CHECK(trace_id_of(kValid) == kTrace);
  CHECK(trace_id_of("").empty());
}

TEST_CASE("A tracestate is a list of keys with values") {
  const std::pair<std::string, bool> rows[] = {
      {"", true},
      {"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true},
      {"a=1 , \tb=2,,", true},
      {"tenant@vendor/x-y_z*=opaque value!", true},
      {"0a=1", true},
      {"a=1,a=2", false},
      {"a", false},
      {"=1", false},
      {"a=", false},
      {"A=1", false},
      {"_a=1", false},
      {"a=1=2", false},
      {"a=b\tc", false},
      {"a=\xc3\xa4", false},
      {std::string(256, 'a') + "=1", true},
      {std::string(257, 'a') + "=1", false},
      {"a=" + std::string(256, '1'), true},
      {"a=" + std::string(257, '1'), false},
      {members(32), true},
      {members(33), false},
  };
  for (const auto& [text, valid] : rows) {
    CAPTURE(text);
    CHECK(valid_tracestate(text) == valid);
  }
}

TEST_CASE("Of the trace context only what is valid is left") {
  const std::string other = "00-" + kTrace + "-" + kParent + "-00";
  CHECK(cleaned({{"traceparent", kValid}, {"tracestate", "a=1"}}) ==
        Lines{{"traceparent", kValid}, {"tracestate", "a=1"}});
  CHECK(cleaned({{"tracestate", "b=1"}, {"traceparent", kValid}, {"tracestate", "a=1"}}) ==
        Lines{{"traceparent", kValid}, {"tracestate", "b=1,a=1"}});
  CHECK(cleaned({{"traceparent", kValid}, {"tracestate", "A=1"}}) ==
        Lines{{"traceparent", kValid}});
  CHECK(cleaned({{"traceparent", "00-1"}, {"tracestate", "a=1"}, {"accept", "*/*"}}) ==
        Lines{{"accept", "*/*"}});
  CHECK(cleaned({{"traceparent", kValid}, {"traceparent", other}}).empty());
  CHECK(cleaned({{"tracestate", "a=1"}}).empty());
}
