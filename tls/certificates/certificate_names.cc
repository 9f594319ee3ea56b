#include "tls/certificates/certificate_names.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/ascii.h"

namespace troika::tls {
namespace {

struct NamesFree {
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

// Empty: it is no address.
std::string address_text(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> canonical{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, text.c_str(), bytes.data()) != 1) continue;
    return inet_ntop(family, bytes.data(), canonical.data(), canonical.size());
  }
  return {};
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  const int size = ASN1_STRING_length(address);
  if (size != 4 && size != 16) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text.data(),
                   text.size());
}

bool is_host_name(std::string_view name) {
  if (name.starts_with("*.")) name.remove_prefix(2);
  return !name.empty() && !name.starts_with('.') && std::ranges::all_of(name, [](char c) {
    return ascii::is_alpha(c) || ascii::is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

// An address that stands there as a host name is for nobody (RFC 9525 §6.5).
std::string host_name(const ASN1_IA5STRING* text) {
  const std::string name = comparable({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                       static_cast<std::size_t>(ASN1_STRING_length(text))});
  return is_host_name(name) && address_text(name).empty() ? name : std::string();
}

}  // namespace

std::string comparable(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string name(host);
  std::ranges::transform(name, name.begin(), ascii::lower);
  std::string address = address_text(name);
  return address.empty() ? name : address;
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, NamesFree> list(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(list.get(), i);
    std::string text;
    if (name->type == GEN_IPADD) text = address_text(name->d.iPAddress);
    if (name->type == GEN_DNS) text = host_name(name->d.dNSName);
    if (!text.empty() && !std::ranges::contains(names, text)) names.push_back(std::move(text));
  }
  return names;
}

std::string wildcard_for(std::string_view host) {
  const std::size_t dot = host.find('.');
  if (dot == 0 || dot == std::string_view::npos || !address_text(std::string(host)).empty()) {
    return {};
  }
  return "*" + std::string(host.substr(dot));
}

}  // namespace troika::tls
