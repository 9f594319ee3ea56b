#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <format>
#include <memory>

#include "certs/inspect.h"
#include "server/shell_word.h"
#include "server/startup.h"
#include "server/version.h"

namespace troika {
namespace {

std::string join(const std::vector<Address>& addresses) {
  std::string text;
  for (const Address& address : addresses) {
    text += text.empty() ? "" : ", ";
    text += address.text();
  }
  return text;
}

// Whether the curl that a person would type here can do HTTP/3; nullopt: there is no curl.
std::optional<bool> curl_has_http3() {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen("curl --version 2>/dev/null", "r"),
                                                   pclose);
  if (pipe == nullptr) return std::nullopt;
  std::string text;
  char chunk[512];
  while (const std::size_t n = fread(chunk, 1, sizeof chunk, pipe.get())) text.append(chunk, n);
  if (text.empty()) return std::nullopt;
  return text.contains("HTTP3");
}

// The name to ask for: localhost where the certificate has it, else its first name, sent here.
struct Way {
  std::string host;
  std::string option;  // for curl
};
Way way_to(const Startup& startup, const std::vector<std::string>& names) {
  const Address& first = startup.listen.front();
  if (first.is_loopback() && std::ranges::contains(names, "localhost")) return {"localhost", ""};
  const auto name = std::ranges::find_if(names, [](const std::string& n) {
    return !n.contains('*') && !n.contains(':') && n != "127.0.0.1";
  });
  if (name == names.end()) return {first.family() == AF_INET6 ? "[::1]" : "127.0.0.1", ""};
  const std::string target = first.is_any() ? "127.0.0.1" : first.ip();
  return {*name, std::format(" --resolve {}:{}:{}", *name, first.port(), target)};
}

}  // namespace

std::string banner(const Startup& startup) {
  const CertificateSummary certificate = inspect_certificate(startup.cert_file);
  const Way way = way_to(startup, certificate.names);
  const std::string url = std::format("https://{}:{}/", way.host, startup.listen.front().port());
  const std::string trust = std::format(
      "--cacert {}{}", shell_word(startup.ca_file.empty() ? startup.cert_file : startup.ca_file),
      way.option);

  std::string text = std::format("Troika {} serves {} on {}\n", build_text(),
                                 startup.root.empty() ? "its built-in page" : startup.root, url);
  auto out = std::back_inserter(text);
  std::format_to(out, "  listening    {} (TCP: HTTP/1.1 and HTTP/2, UDP: HTTP/3)\n",
                 join(startup.listen));
  for (const auto& plain : startup.plain) {
    std::format_to(out, "  without TLS  {}{}\n", plain.address.text(),
                   plain.redirect ? " (redirects to https)" : "");
  }
  std::format_to(out, "  certificate  {}, valid until {}\n", startup.cert_file,
                 certificate.not_after);
  if (!startup.ca_file.empty()) {
    std::format_to(out, "  its CA       {} (import it to make a browser trust this server)\n",
                   startup.ca_file);
  }
  if (!startup.key_log_file.empty()) {
    std::format_to(out, "  KEY LOG      {}: EVERYONE WHO READS THIS FILE CAN READ ALL TRAFFIC\n",
                   startup.key_log_file);
  }
  for (const std::string& warning : startup.warnings) std::format_to(out, "  note: {}\n", warning);
  std::format_to(out, "Try it:\n");
  for (const std::string_view version : {"--http1.1", "--http2", "--http3-only"}) {
    std::format_to(out, "  curl {} {} {}\n", trust, version, url);
  }
  if (const auto http3 = curl_has_http3(); http3 == false) {
    std::format_to(out, "  (the curl on this machine has no HTTP/3; ./dev deps installs one)\n");
  }
  return text;
}

}  // namespace troika
