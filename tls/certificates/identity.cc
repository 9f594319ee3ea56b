#include "tls/certificates/identity.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "base/text.h"

namespace troika::tls {
namespace {

struct NamesFree {
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

// Empty: not an address.
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

// An address in the form of a host name matches nothing (RFC 9525 §6.5).
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

namespace {

// RFC 8446 §4.2.3: the only curves for ECDSA. The names are OpenSSL's.
constexpr std::array<std::string_view, 3> kCurves{"prime256v1", "secp384r1", "secp521r1"};
// They have signature schemes of their own, which browsers do not support.
constexpr std::array<std::string_view, 6> kForFew{"ED25519",   "ED448",     "RSA-PSS",
                                                  "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};

std::size_t sent_bytes(const X509* certificate) {
  constexpr std::size_t kLengths = 3 + 2;  // of the certificate and of its extensions
  const int size = i2d_X509(certificate, nullptr);
  return kLengths + static_cast<std::size_t>(std::max(size, 0));
}

std::string curve_of(const EVP_PKEY* key) {
  std::array<char, 80> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1) return "explicit";
  return {name.data(), size};
}

// Why no client accepts the key; empty: some do.
std::string key_fault(const Identity& identity) {
  if (identity.key_type == "RSA" || std::ranges::contains(kForFew, identity.key_type)) return {};
  if (identity.key_type != "EC") {
    return formatted("a key of type {}: make an ECDSA key on P-256, or an RSA key",
                     identity.key_type);
  }
  const std::string curve = curve_of(identity.key.get());
  if (std::ranges::contains(kCurves, curve)) return {};
  return formatted("a key on the curve {}: make one on P-256, P-384 or P-521", curve);
}

}  // namespace

std::size_t chain_bytes(const Identity& identity) {
  std::size_t bytes = sent_bytes(identity.leaf.get());
  for (int i = 0; i < sk_X509_num(identity.chain.get()); ++i) {
    bytes += sent_bytes(sk_X509_value(identity.chain.get(), i));
  }
  return bytes;
}

Checked<void> check_usable(const Identity& identity, std::size_t most_bytes) {
  if (const std::string fault = key_fault(identity); !fault.empty()) {
    return std::unexpected(
        formatted("The certificate in {} cannot be used by any client, since it has {}.",
                  identity.files.cert_file, fault));
  }
  if (const std::size_t bytes = chain_bytes(identity); bytes > most_bytes) {
    return std::unexpected(formatted(
        "The certificate in {} and its chain take {} bytes, but clients accept "
        "at most {}: leave the certificate and those of its intermediate CAs in the file.",
        identity.files.cert_file, bytes, most_bytes));
  }
  return {};
}

std::vector<std::string> doubts_about(const Identity& identity) {
  std::vector<std::string> doubts;
  if (identity.names.empty()) {
    doubts.emplace_back("has no host name or address as subjectAltName: clients refuse it");
  }
  // For a certificate without the extension OpenSSL returns "all". Clients do not accept
  // anyExtendedKeyUsage as serverAuth.
  if ((X509_get_extended_key_usage(identity.leaf.get()) & XKU_SSL_SERVER) == 0) {
    doubts.emplace_back(
        "is not for servers (extendedKeyUsage without serverAuth): clients refuse it");
  }
  if (std::ranges::contains(kForFew, identity.key_type)) {
    doubts.push_back(formatted("has a key of type {}: browsers refuse it", identity.key_type));
  }
  return doubts;
}

}  // namespace troika::tls
