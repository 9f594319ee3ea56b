#include "server/banner.h"

#include <algorithm>
#include <chrono>
#include <ranges>

#include "base/text.h"
#include "config/values.h"
#include "server/library_floor.h"
#include "server/startup.h"

namespace troika {
namespace {

constexpr std::size_t kMostShown = 20;  // certificates

std::string join(const std::vector<Address>& addresses) {
  std::string text;
  for (const Address& address : addresses) {
    text += text.empty() ? "" : ", ";
    text += address.text();
  }
  return text;
}

// The name for URLs: localhost if the certificate has it, else its first name, directed here.
struct Way {
  std::string host;
  std::string option;  // for curl
};
Way way_to(const Startup& startup, const std::vector<std::string>& names) {
  const Address& first = startup.addresses.listen.front();
  if (first.is_loopback() && std::ranges::contains(names, "localhost")) return {"localhost", ""};
  const auto name = std::ranges::find_if(names, [](const std::string& n) {
    return !n.contains('*') && !n.contains(':') && n != "127.0.0.1";
  });
  if (name == names.end()) return {first.family() == AF_INET6 ? "[::1]" : "127.0.0.1", ""};
  const std::string target = first.is_any() ? "127.0.0.1" : first.ip();
  return {*name, formatted(" --resolve {}:{}:{}", *name, first.port(), target)};
}

std::string certificates_text(const tls::CertificateSet& certificates) {
  std::string text;
  for (const tls::Identity& identity : certificates.identities() | std::views::take(kMostShown)) {
    text +=
        formatted("  certificate  {}, for {}, valid until {:%F}\n", identity.files.cert_file,
                  names_text(identity), std::chrono::floor<std::chrono::days>(identity.not_after));
  }
  const std::size_t count = certificates.identities().size();
  if (count > kMostShown) text += formatted("               and {} more\n", count - kMostShown);
  return text;
}

std::string served_text(const std::vector<SiteSpec>& sites) {
  if (sites.size() > 1) return formatted("{} sites", sites.size());
  if (sites.front().routes.size() > 1) return "one site";
  const auto* const files = std::get_if<FilesSpec>(&sites.front().routes.front().action);
  return files != nullptr ? files->root : "its built-in page";
}

}  // namespace

std::string banner(const Startup& startup) {
  const tls::Identity& first = startup.certificates.set->identities().front();
  const Way way = way_to(startup, first.names);
  const std::string url =
      formatted("https://{}:{}/", way.host, startup.addresses.listen.front().port());
  const std::string trust = formatted(
      "--cacert {}{}",
      shell_word(startup.ca_file.empty() ? first.files.cert_file : startup.ca_file), way.option);

  std::string text = formatted("Troika {} serves {} on {}\n", build_text(),
                               served_text(startup.sites), url);
  append_formatted(text, "  listening    {} (TCP: HTTP/1.1 and HTTP/2, UDP: HTTP/3)\n",
                   join(startup.addresses.listen));
  for (const auto& plain : startup.addresses.plain) {
    append_formatted(text, "  without TLS  {}{}\n", plain.address.text(),
                     plain.redirect ? " (redirects to https)" : "");
  }
  text += certificates_text(*startup.certificates.set);
  if (!startup.ca_file.empty()) {
    append_formatted(text, "  its CA       {} (import it to make a browser trust this server)\n",
                     startup.ca_file);
  }
  if (!startup.key_log_file.empty()) {
    append_formatted(text, "  KEY LOG      {}: EVERYONE WHO READS THIS FILE CAN READ ALL TRAFFIC\n",
                     startup.key_log_file);
  }
  for (const std::string& warning : startup.warnings) text += "  note: " + warning + '\n';
  text += "Try it:\n";
  for (const std::string_view version : {"--http1.1", "--http2", "--http3-only"}) {
    append_formatted(text, "  curl {} {} {}\n", trust, version, url);
  }
  text += "  (--http3-only needs a curl with HTTP/3: see curl --version)\n";
  return text;
}

}  // namespace troika
