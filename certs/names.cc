#include "certs/names.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace troika::certs {
namespace {

std::optional<std::string> ip_name(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, text.c_str(), address.data()) != 1) continue;
    inet_ntop(family, address.data(), canonical.data(), canonical.size());
    return "IP:" + std::string(canonical.data());
  }
  return std::nullopt;
}

bool is_dns_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;  // RFC 1035 §2.3.4
  return std::ranges::all_of(text, [](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || c == '-' || c == '.' || c == '_' || c == '*';
  });
}

std::string dns_name(std::string text) {
  std::ranges::transform(text, text.begin(), ascii::lower);
  return "DNS:" + text;
}

std::string machine_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

std::string ip_text(const ASN1_OCTET_STRING* address) {
  const int size = ASN1_STRING_length(address);
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = size == 4 ? AF_INET : AF_INET6;
  if (size != 4 && size != 16) return {};
  inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size());
  return text.data();
}

}  // namespace

Checked<SubjectNames> wanted_names(std::span<const std::string> more) {
  SubjectNames names{"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
  if (const std::string machine = machine_name(); is_dns_name(machine)) {
    names.insert(dns_name(machine));
  }
  for (const std::string& name : more) {
    if (auto ip = ip_name(name)) {
      names.insert(std::move(*ip));
    } else if (is_dns_name(name)) {
      names.insert(dns_name(name));
    } else {
      return std::unexpected("\"" + name +
                             "\" cannot be a name of the local certificate: give host names or IP "
                             "addresses, without port or brackets.");
    }
  }
  return names;
}

SubjectNames names_of(X509* certificate) {
  SubjectNames names;
  const NamesPtr list(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(list.get(), i);
    if (name->type == GEN_IPADD) {
      names.insert("IP:" + ip_text(name->d.iPAddress));
    } else if (name->type == GEN_DNS) {
      const ASN1_IA5STRING* text = name->d.dNSName;
      names.insert("DNS:" + std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                        static_cast<std::size_t>(ASN1_STRING_length(text))));
    }
  }
  return names;
}

std::string user_at_host() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const bool known =
      getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  const std::string user = known ? found->pw_name : "user" + std::to_string(geteuid());
  const std::string machine = machine_name();
  return user + "@" + (machine.empty() ? "localhost" : machine);
}

}  // namespace troika::certs
