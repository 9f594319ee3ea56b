#include "tools/parity/ask.h"

#include "base/text.h"

namespace troika::parity {
namespace {

// Safe inside one pair of single quotes of a shell.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out.push_back(c);
    }
  }
  return out + "'";
}

}  // namespace

std::vector<std::string_view> values_of(const Answer& answer, std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : answer.fields) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::string curl_line(const Ask& ask, std::string_view protocol, std::string_view authority) {
  const std::string_view version = protocol == "h1"   ? "--http1.1"
                                   : protocol == "h2" ? "--http2"
                                                      : "--http3-only";
  std::string line = formatted("curl -ik {} --path-as-is", version);
  if (ask.method == "HEAD") {
    line += " -I";
  } else if (ask.method != "GET" || ask.body) {
    line += " -X " + in_quotes(ask.method);
  }
  for (const auto& [name, value] : ask.fields) {
    // "Name;" is how curl is told to send an empty field.
    line += " -H " + in_quotes(value.empty() ? name + ";" : name + ": " + value);
  }
  if (ask.body) line += " --data-binary " + in_quotes(*ask.body);
  if (ask.target == "*") {
    return line + formatted(" --request-target '*' 'https://{}/'", authority);
  }
  return line + " " + in_quotes(formatted("https://{}{}", authority, ask.target));
}

}  // namespace troika::parity
