#include "tools/fetch/report.h"

#include "base/text.h"

namespace troika::fetch {
namespace {

std::string quoted(const std::string& text) {
  std::string made = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      made += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      made += formatted("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      made += c;
    }
  }
  return made + '"';
}

std::string json(const Answer& answer) {
  return formatted(R"({{"path":{},"status":{},"bytes":{},"sha256":"{}","seconds":{:.6f}}})",
                   quoted(answer.path), answer.status, answer.bytes, answer.sha256, answer.seconds);
}

std::string json(const SecurityInfo& security) {
  return formatted(
      R"({{"alpn":{},"version":{},"cipher":{},"group":{},"resumed":{},"early_data":{},"quic_version":{}}})",
      quoted(security.alpn), quoted(security.version), quoted(security.cipher),
      quoted(security.group), security.resumed, security.early_data, security.quic_version);
}

}  // namespace

std::string json_line(const Outcome& outcome) {
  std::string answers;
  for (const Answer& answer : outcome.answers) {
    answers += (answers.empty() ? "" : ",") + json(answer);
  }
  return formatted(
      R"({{"answers":[{}],"seconds":{:.6f},"security":{},"key_updates":{},"moves":{}}})", answers,
      outcome.seconds, json(outcome.security), outcome.key_updates, outcome.moves);
}

std::string text(const Outcome& outcome) {
  std::string made;
  std::uint64_t bytes = 0;
  for (const Answer& answer : outcome.answers) {
    made += formatted("{} {} {} bytes {:.3f} s\n", answer.status, answer.path, answer.bytes,
                      answer.seconds);
    bytes += answer.bytes;
  }
  const SecurityInfo& security = outcome.security;
  made += formatted("{} answers, {} bytes in {:.3f} s over {} {} {}", outcome.answers.size(), bytes,
                    outcome.seconds, security.alpn, security.version, security.group);
  if (security.quic_version != 0) made += formatted(", QUIC v{}", security.quic_version);
  if (security.resumed) made += ", resumed";
  if (security.early_data) made += ", early data accepted";
  if (outcome.key_updates != 0) made += ", keys renewed";
  if (outcome.moves != 0) made += ", moved to another port";
  return made;
}

}  // namespace troika::fetch
