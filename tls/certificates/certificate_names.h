#pragma once
#include <openssl/x509.h>

#include <string>
#include <string_view>
#include <vector>

namespace troika::tls {

// The form in which names are compared: lower case, without a trailing dot; addresses as
// inet_ntop writes them.
std::string comparable(std::string_view host);

// What a certificate is for, comparable: host names, "*.example.org", addresses. Of the subject
// alternative names only (RFC 9525 §2); a star counts as the whole first label alone (§6.3).
std::vector<std::string> names_of(const X509* certificate);

// The wildcard that would cover a comparable name: "*.example.org" for "www.example.org"; empty:
// none would.
std::string wildcard_for(std::string_view host);

}  // namespace troika::tls
