#include "certs/certificate.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

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

namespace {

using std::chrono::system_clock;

constexpr std::chrono::hours kBackdated{1};  // for clocks that are a little slow
constexpr std::chrono::days kLeafLife{90};
constexpr std::chrono::years kCaLife{10};
constexpr std::size_t kMaxCommonName = 64;  // RFC 5280, ub-common-name

struct Extension {
  int nid;
  std::string value;
};

bool add_extensions(X509* certificate, X509* issuer, std::initializer_list<Extension> extensions) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  for (const Extension& wanted : extensions) {
    const ExtensionPtr extension(
        X509V3_EXT_conf_nid(nullptr, &context, wanted.nid, wanted.value.c_str()));
    if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) return false;
  }
  return true;
}

bool set_random_serial(X509* certificate) {
  const BignumPtr serial(BN_new());  // RFC 5280 §4.1.2.2: positive, at most 20 octets
  return serial && BN_rand(serial.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_common_name(X509* certificate, const std::string& name) {
  return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                    MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1;
}

X509Ptr make_blank(EVP_PKEY* key, const std::string& common_name, WallTime now, WallTime end) {
  X509Ptr certificate(X509_new());
  X509* raw = certificate.get();
  const bool done =
      raw != nullptr && X509_set_version(raw, X509_VERSION_3) == 1 && set_random_serial(raw) &&
      set_common_name(raw, common_name) && X509_set_pubkey(raw, key) == 1 &&
      ASN1_TIME_set(X509_getm_notBefore(raw), system_clock::to_time_t(now - kBackdated)) &&
      ASN1_TIME_set(X509_getm_notAfter(raw), system_clock::to_time_t(end));
  return done ? std::move(certificate) : nullptr;
}

std::string joined(const SubjectNames& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

std::string drain(BIO* bio) {
  const char* data = nullptr;
  const long size = BIO_ctrl(bio, BIO_CTRL_INFO, 0, static_cast<void*>(&data));
  return {data, static_cast<std::size_t>(size)};
}

BioPtr reader_of(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Our keys are not encrypted; without this OpenSSL asks for a passphrase at the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

KeyPtr make_key() { return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")); }

X509Ptr make_ca_certificate(EVP_PKEY* key, const std::string& owner, WallTime now) {
  std::string name = "Troika local CA (" + owner;
  name.resize(std::min(name.size(), kMaxCommonName - 1));
  X509Ptr ca = make_blank(key, name + ")", now, now + kCaLife);
  const bool done = ca && X509_set_issuer_name(ca.get(), X509_get_subject_name(ca.get())) == 1 &&
                    add_extensions(ca.get(), ca.get(),
                                   {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                    {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                    {NID_subject_key_identifier, "hash"}}) &&
                    X509_sign(ca.get(), key, EVP_sha256()) > 0;
  return done ? std::move(ca) : nullptr;
}

X509Ptr make_leaf_certificate(EVP_PKEY* key, const SubjectNames& names, const Pair& ca,
                              WallTime now) {
  X509Ptr leaf = make_blank(key, "localhost", now, now + kLeafLife);
  X509* issuer = ca.certificate.get();
  const bool done = leaf && X509_set_issuer_name(leaf.get(), X509_get_subject_name(issuer)) == 1 &&
                    add_extensions(leaf.get(), issuer,
                                   {{NID_basic_constraints, "critical,CA:FALSE"},
                                    {NID_key_usage, "critical,digitalSignature"},
                                    {NID_ext_key_usage, "serverAuth"},
                                    {NID_subject_key_identifier, "hash"},
                                    {NID_authority_key_identifier, "keyid"},
                                    {NID_subject_alt_name, joined(names)}}) &&
                    X509_sign(leaf.get(), ca.key.get(), EVP_sha256()) > 0;
  return done ? std::move(leaf) : nullptr;
}

std::string to_pem(X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  return bio && PEM_write_bio_X509(bio.get(), certificate) == 1 ? drain(bio.get()) : "";
}

std::string to_pem(EVP_PKEY* key) {
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  const bool done = bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0,
                                                         nullptr, nullptr) == 1;
  return done ? drain(bio.get()) : "";
}

X509Ptr certificate_from_pem(const std::string& text) {
  const BioPtr bio = reader_of(text);
  X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

KeyPtr key_from_pem(const std::string& text) {
  const BioPtr bio = reader_of(text);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  return key;
}

WallTime not_after(const X509* certificate) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return {};
  return system_clock::from_time_t(timegm(&end));
}

bool covers(const X509* certificate, WallTime now, WallTime until) {
  return ASN1_TIME_cmp_time_t(X509_get0_notBefore(certificate), system_clock::to_time_t(now)) <=
             0 &&
         not_after(certificate) > until;
}

}  // namespace troika::certs
