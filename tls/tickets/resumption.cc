#include "tls/tickets/resumption.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <string_view>

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

// A chain of tickets must not outlive the certificate that let the client in.
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
    // No new ticket: it would be valid as long as that of a client whose certificate was checked.
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

namespace {

struct SessionFree {
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionFree>;
using Ticket = std::vector<std::byte>;

void free_ticket(void*, void* ticket, CRYPTO_EX_DATA*, int, long, void*) noexcept {
  const std::unique_ptr<Ticket> owned(static_cast<Ticket*>(ticket));
}

int ticket_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_ticket);
  return index;
}

// Encoded at once: OpenSSL invalidates the session of a connection that fails later.
int store_ticket(SSL* ssl, SSL_SESSION* session) noexcept {
  const int size = i2d_SSL_SESSION(session, nullptr);
  if (size <= 0) return 0;
  auto ticket = std::make_unique<Ticket>(static_cast<std::size_t>(size));
  auto* into = reinterpret_cast<unsigned char*>(ticket->data());
  i2d_SSL_SESSION(session, &into);
  const std::unique_ptr<Ticket> before(static_cast<Ticket*>(SSL_get_ex_data(ssl, ticket_index())));
  SSL_set_ex_data(ssl, ticket_index(), ticket.release());
  return 0;  // OpenSSL keeps its reference
}

std::string_view text_or_empty(const char* text) { return text == nullptr ? "" : text; }

// Not std::time(): it may be some milliseconds behind the clock that OpenSSL reads, so that a new
// session would be from the future.
std::time_t seconds_now() {
  return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
}

bool still_good(const SSL_SESSION* session) {
  const auto age = seconds_now() - SSL_SESSION_get_time_ex(session);
  return SSL_SESSION_is_resumable(session) == 1 && age >= 0 &&
         static_cast<unsigned long>(age) < SSL_SESSION_get_ticket_lifetime_hint(session);
}

bool fits(const SSL* ssl, const SSL_SESSION* session, const std::vector<std::string>& alpn) {
  const unsigned char* name = nullptr;
  std::size_t size = 0;
  SSL_SESSION_get0_alpn_selected(session, &name, &size);
  const std::string_view protocol(reinterpret_cast<const char*>(name), size);
  return text_or_empty(SSL_SESSION_get0_hostname(session)) ==
             text_or_empty(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) &&
         (size == 0 ? alpn.empty() : std::ranges::contains(alpn, protocol));
}

}  // namespace

bool store_tickets(SSL_CTX* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, store_ticket);
  return ticket_index() >= 0;
}

std::span<const std::byte> resumption_of(const SSL* ssl) {
  const auto* ticket = static_cast<const Ticket*>(SSL_get_ex_data(ssl, ticket_index()));
  if (ticket == nullptr) return {};
  return *ticket;
}

void resume(SSL* ssl, std::span<const std::byte> resumption, const std::vector<std::string>& alpn) {
  const auto* from = reinterpret_cast<const unsigned char*>(resumption.data());
  const SessionPtr session(d2i_SSL_SESSION(nullptr, &from, static_cast<long>(resumption.size())));
  if (session && still_good(session.get()) && fits(ssl, session.get(), alpn)) {
    SSL_set_session(ssl, session.get());
  }
  ERR_clear_error();
}

}  // namespace troika::tls
