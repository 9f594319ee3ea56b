#include "log/structured_lines.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "http/message/field_rules.h"
#include "http/message/trace_context.h"
#include "log/escape.h"

namespace troika {
namespace {

namespace chrono = std::chrono;

enum class Style : bool { json, logfmt };

// Names and values of a flat line.
class Pairs {
 public:
  Pairs(std::string& to, Style style) : to_(to), style_(style) {
    if (json()) to_.push_back('{');
  }

  void text(std::string_view name, std::string_view value, std::size_t most = kLongestText) {
    const bool bare = !json() && !value.empty() && std::ranges::all_of(value, is_bare);
    begin(name);
    if (bare) {
      to_.append(value.substr(0, most)).append(value.size() > most ? "..." : "");
    } else {
      append_json_text(to_, value, most);
    }
  }
  void text_unless_empty(std::string_view name, std::string_view value,
                         std::size_t most = kLongestText) {
    if (!value.empty()) text(name, value, most);
  }
  void number(std::string_view name, std::uint64_t value) {
    begin(name);
    append_number(to_, value);
  }
  void milliseconds(std::string_view name, Duration value) {
    begin(name);
    append_milliseconds(to_, value);
  }
  void yes_if(bool applies, std::string_view name) {
    if (!applies) return;
    begin(name);
    to_.append("true");
  }
  // Of what needs no escape.
  template <class Append>
  void plain(std::string_view name, Append append) {
    begin(name);
    if (json()) to_.push_back('"');
    append(to_);
    if (json()) to_.push_back('"');
  }
  void end() {
    if (json()) to_.push_back('}');
  }

 private:
  static bool is_bare(char c) noexcept {
    return ascii::is_graph(c) && c != '"' && c != '=' && c != '\\';
  }
  bool json() const noexcept { return style_ == Style::json; }
  void begin(std::string_view name) {
    if (std::exchange(some_, true)) to_.push_back(json() ? ',' : ' ');
    if (json()) {
      to_.append("\"").append(name).append("\":");
    } else {
      to_.append(name).push_back('=');
    }
  }

  std::string& to_;
  const Style style_;
  bool some_ = false;
};

// Methods that nobody knows would be values without bound (OpenTelemetry: http.request.method).
void add_method(Pairs& pairs, const Request& request) {
  const std::string_view known = name_of(method_from(request.method_text));
  pairs.text("http.request.method", known.empty() ? "_OTHER" : known);
  if (known.empty()) pairs.text_unless_empty("http.request.method_original", request.method_text);
}

void add_url(Pairs& pairs, const LineSource& line) {
  const std::string_view target = target_of(line), path = without_query(target);
  pairs.text_unless_empty("url.scheme", line.of.request.scheme);
  pairs.text_unless_empty("url.path", path);
  if (path.size() < target.size()) pairs.text("url.query", target.substr(path.size() + 1));
}

void add_server(Pairs& pairs, std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != authority.npos && authority.find(']', colon) == authority.npos;
  std::string_view host = authority.substr(0, has_port ? colon : authority.npos);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  pairs.text_unless_empty("server.address", host);
  const std::string_view port = has_port ? authority.substr(colon + 1) : "";
  std::uint16_t number = 0;
  const auto error = std::from_chars(port.data(), port.data() + port.size(), number).ec;
  if (error == std::errc{}) pairs.number("server.port", number);
}

std::string_view version_name(HttpVersion version) noexcept {
  switch (version) {
    case HttpVersion::http10: return "1.0";
    case HttpVersion::http11: return "1.1";
    case HttpVersion::http2: return "2";
    case HttpVersion::http3: return "3";
  }
  return "";
}

// Why it failed, if it did: our words for what ended it early, or the status of a server's error.
void add_error(Pairs& pairs, const ExchangeSummary& summary) {
  if (summary.aborted != AbortReason::none) {
    pairs.text("error.type", name_of(summary.aborted));
  } else if (summary.status >= 500) {
    pairs.plain("error.type", [&](std::string& to) { append_number(to, summary.status); });
  }
}

void add_connection(Pairs& pairs, const LineSource& line) {
  const SecurityInfo& security = line.of.peer.security;
  pairs.text_unless_empty("troika.tls.version", security.version);
  pairs.text_unless_empty("troika.tls.group", security.group);
  pairs.text_unless_empty("troika.tls.cipher", security.cipher);
  pairs.text_unless_empty("troika.tls.client", client_name_of(line));
  pairs.yes_if(security.resumed, "troika.tls.resumed");
  pairs.yes_if(line.of.request.early_data, "troika.early_data");
  pairs.yes_if(!security.address_proven, "troika.unvalidated");
  if (security.quic_version != 0) pairs.number("troika.quic_version", security.quic_version);
}

void append_pairs(std::string& to, const LineSource& line, Style style) {
  const ExchangeSummary& summary = line.of;
  const KeptFields& fields = summary.fields;
  Pairs pairs(to, style);
  pairs.plain("timestamp", [&](std::string& out) { append_time(out, line); });
  pairs.plain("client.address", [&](std::string& out) { append_client(out, line); });
  add_method(pairs, summary.request);
  add_url(pairs, line);
  pairs.text("network.protocol.version", version_name(summary.request.version));
  if (summary.status != 0) pairs.number("http.response.status_code", summary.status);
  pairs.number("http.response.body.size", summary.body_bytes);
  add_server(pairs, summary.request.authority);
  pairs.text_unless_empty("user_agent.original", fields.user_agent, kLongestField);
  add_error(pairs, summary);
  pairs.text_unless_empty("trace_id", trace_id_of(fields.traceparent));
  pairs.milliseconds("troika.duration_ms", summary.duration);
  pairs.text_unless_empty("troika.request_id", fields.request_id);
  pairs.text_unless_empty("troika.referer", referer_of(line), kLongestField);
  add_connection(pairs, line);
  pairs.end();
}

// Of a list with one member, as Caddy writes fields.
void append_caddy_field(std::string& to, std::string_view name, std::string_view value,
                        std::string_view before) {
  to.append(before).append("\"").append(name).append("\":[");
  append_json_text(to, value, kLongestField);
  to.push_back(']');
}

void append_caddy_fields(std::string& to, const LineSource& line) {
  const std::string_view agent = line.of.fields.user_agent, referer = referer_of(line);
  to.append(",\"headers\":{");
  if (!agent.empty()) append_caddy_field(to, "User-Agent", agent, "");
  if (!referer.empty()) append_caddy_field(to, "Referer", referer, agent.empty() ? "" : ",");
  to.push_back('}');
}

// By OpenSSL's name, the number that the registry of TLS has for it; 0: another one.
unsigned cipher_number(std::string_view name) noexcept {
  constexpr std::pair<std::string_view, unsigned> kNumbers[] = {
      {"TLS_AES_128_GCM_SHA256", 0x1301},        {"TLS_AES_256_GCM_SHA384", 0x1302},
      {"TLS_CHACHA20_POLY1305_SHA256", 0x1303},  {"ECDHE-ECDSA-AES128-GCM-SHA256", 0xc02b},
      {"ECDHE-ECDSA-AES256-GCM-SHA384", 0xc02c}, {"ECDHE-RSA-AES128-GCM-SHA256", 0xc02f},
      {"ECDHE-RSA-AES256-GCM-SHA384", 0xc030},   {"ECDHE-RSA-CHACHA20-POLY1305", 0xcca8},
      {"ECDHE-ECDSA-CHACHA20-POLY1305", 0xcca9}};
  const auto found =
      std::ranges::find(kNumbers, name, &std::pair<std::string_view, unsigned>::first);
  return found != std::end(kNumbers) ? found->second : 0;
}

void append_caddy_tls(std::string& to, const SecurityInfo& security) {
  if (!security.encrypted) return;
  to.append(",\"tls\":{\"resumed\":").append(security.resumed ? "true" : "false");
  to.append(",\"version\":").append(security.version == "TLSv1.2" ? "771" : "772");
  to.append(",\"cipher_suite\":");
  append_number(to, cipher_number(security.cipher));
  to.append(",\"proto\":");
  append_json_text(to, security.alpn);
  to.append(",\"server_name\":");
  append_json_text(to, security.server_name);
  to.push_back('}');
}

void append_seconds(std::string& to, Duration duration) {
  const auto us = static_cast<std::uint64_t>(chrono::round<chrono::microseconds>(duration).count());
  append_number(to, us / 1'000'000);
  to.push_back('.');
  append_number(to, us % 1'000'000, 6);
}

}  // namespace

void append_json_line(std::string& to, const LineSource& line) {
  append_pairs(to, line, Style::json);
}

void append_logfmt_line(std::string& to, const LineSource& line) {
  append_pairs(to, line, Style::logfmt);
}

void append_caddy_line(std::string& to, const LineSource& line) {
  const ExchangeSummary& summary = line.of;
  const Request& request = summary.request;
  to.append("{\"level\":\"info\",\"ts\":");
  append_seconds(to, summary.started.time_since_epoch());
  to.append(R"(,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":")");
  append_client(to, line);
  to.append(R"(","client_ip":")");
  append_client(to, line);
  to.append(R"(","proto":"HTTP/)").append(version_name(request.version));
  if (!is_h1(request.version)) to.append(".0");  // Go's name for it
  to.append(R"(","method":)");
  append_json_text(to, request.method_text);
  to.append(",\"host\":");
  append_json_text(to, request.authority);
  to.append(",\"uri\":");
  append_json_text(to, target_of(line));
  append_caddy_fields(to, line);
  append_caddy_tls(to, summary.peer.security);
  to.append("},\"duration\":");
  append_seconds(to, summary.duration);
  to.append(",\"size\":");
  append_number(to, summary.body_bytes);
  to.append(",\"status\":");
  append_number(to, known_status(summary));
  to.append(",\"resp_headers\":{}}");
}

}  // namespace troika
