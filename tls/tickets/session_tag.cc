#include "tls/tickets/session_tag.h"

#include <array>
#include <cstring>
#include <optional>

namespace troika::tls {
namespace {

struct Sealed {
  std::uint32_t version = 0;
  std::uint64_t limits = 0;
};
constexpr std::size_t kSealedBytes = sizeof(Sealed::version) + sizeof(Sealed::limits);

int tag_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

const SessionTag* tag_of(const SSL* ssl) {
  return static_cast<const SessionTag*>(SSL_get_ex_data(ssl, tag_index()));
}

std::optional<Sealed> sealed_in(SSL_SESSION* session) {
  void* bytes = nullptr;
  std::size_t size = 0;
  if (session == nullptr || SSL_SESSION_get0_ticket_appdata(session, &bytes, &size) != 1 ||
      size != kSealedBytes) {
    return std::nullopt;
  }
  const auto* const from = static_cast<const unsigned char*>(bytes);
  Sealed sealed;
  std::memcpy(&sealed.version, from, sizeof sealed.version);
  std::memcpy(&sealed.limits, from + sizeof sealed.version, sizeof sealed.limits);
  return sealed;
}

int seal(SSL* ssl, void*) {
  const SessionTag* const tag = tag_of(ssl);
  if (tag == nullptr) return 1;
  std::array<unsigned char, kSealedBytes> bytes{};
  std::memcpy(bytes.data(), &tag->negotiated_version, sizeof tag->negotiated_version);
  std::memcpy(bytes.data() + sizeof tag->negotiated_version, &tag->limits, sizeof tag->limits);
  return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), bytes.data(), bytes.size());
}

// A chain of tickets must not outlive what its client was let in for.
bool has_expired(X509* certificate) {
  return X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0;
}

SSL_TICKET_RETURN unseal(SSL* ssl, SSL_SESSION* session, const unsigned char*, std::size_t,
                         SSL_TICKET_STATUS status, void*) {
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  if (const SessionTag* const tag = tag_of(ssl); tag != nullptr) {
    const auto sealed = sealed_in(session);
    if (!sealed || sealed->version != tag->offered_version) return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  if (X509* const client = SSL_SESSION_get0_peer(session); client != nullptr) {
    // No new ticket: each would be good for as long as one of a client that was checked again.
    return has_expired(client) ? SSL_TICKET_RETURN_IGNORE_RENEW : SSL_TICKET_RETURN_USE;
  }
  return status == SSL_TICKET_SUCCESS_RENEW ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

}  // namespace

bool install_session_tags(SSL_CTX* context) {
  return tag_index() >= 0 && SSL_CTX_set_session_ticket_cb(context, seal, unseal, nullptr) == 1;
}

bool set_session_tag(SSL* ssl, SessionTag& tag) {
  return SSL_set_ex_data(ssl, tag_index(), &tag) == 1;
}

bool limits_hold(SSL* ssl) {
  const SessionTag* const tag = tag_of(ssl);
  if (tag == nullptr) return true;
  const auto sealed = sealed_in(SSL_get_session(ssl));
  return sealed && sealed->limits == tag->limits;
}

}  // namespace troika::tls
