#include "log/plain_lines.h"

#include "log/escape.h"

namespace troika {
namespace {

// The connection: two fields, then a word for each property that applies.
void append_security(std::string& to, const LineSource& line) {
  const SecurityInfo& security = line.of.peer.security;
  const auto append = [&](std::string_view text) {
    append_hex_escaped(to, text, kLongestText, Spaces::escaped);
  };
  to.push_back(' ');
  append(security.version);
  to.push_back(' ');
  append(security.group);
  if (security.quic_version != 0) {
    to += " quic=v";
    append_number(to, security.quic_version);
  }
  if (security.resumed) to += " resumed";
  if (line.of.request.early_data) to += " 0-rtt";
  if (!security.address_proven) to += " unvalidated";
  if (const std::string_view name = client_name_of(line); !name.empty()) {
    to += " client=";
    append(name);
  }
}

}  // namespace

void append_text_line(std::string& to, const LineSource& line) {
  const ExchangeSummary& summary = line.of;
  append_time(to, line);
  to.push_back(' ');
  append_client(to, line);
  to.push_back(' ');
  append_hex_escaped(to, summary.request.method_text, kLongestText, Spaces::escaped);
  to.push_back(' ');
  append_hex_escaped(to, target_of(line), kLongestText, Spaces::escaped);
  to.push_back(' ');
  append_number(to, summary.status);
  to.push_back(' ');
  append_number(to, summary.body_bytes);
  to.append(" ").append(name_of(summary.request.version)).push_back(' ');
  append_milliseconds(to, summary.duration);
  to.append("ms");
  append_security(to, line);
  if (summary.aborted != AbortReason::none) {
    to.append(" (").append(name_of(summary.aborted)).push_back(')');
  }
}

void append_combined_line(std::string& to, const LineSource& line) {
  const ExchangeSummary& summary = line.of;
  append_client(to, line);
  to.append(" - - [").append(line.second).append(" +0000] \"");
  append_hex_escaped(to, summary.request.method_text, kLongestText, Spaces::escaped);
  to.push_back(' ');
  append_hex_escaped(to, target_of(line), kLongestText, Spaces::escaped);
  to.append(" ").append(name_of(summary.request.version)).append("\" ");
  append_number(to, known_status(summary));
  to.push_back(' ');
  append_number(to, summary.body_bytes);
  to.append(" \"");
  append_hex_escaped(to, referer_of(line), kLongestField, Spaces::plain);
  to.append("\" \"");
  append_hex_escaped(to, summary.fields.user_agent, kLongestField, Spaces::plain);
  to.push_back('"');
}

}  // namespace troika
