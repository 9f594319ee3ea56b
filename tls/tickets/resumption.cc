#include "tls/tickets/resumption.h"

#include <openssl/err.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <string_view>

namespace troika::tls {
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

// Written down at once: OpenSSL spoils the session of a connection that ends badly later.
int keep_ticket(SSL* ssl, SSL_SESSION* session) noexcept {
  const int size = i2d_SSL_SESSION(session, nullptr);
  if (size <= 0) return 0;
  auto ticket = std::make_unique<Ticket>(static_cast<std::size_t>(size));
  auto* into = reinterpret_cast<unsigned char*>(ticket->data());
  i2d_SSL_SESSION(session, &into);
  const std::unique_ptr<Ticket> before(static_cast<Ticket*>(SSL_get_ex_data(ssl, ticket_index())));
  SSL_set_ex_data(ssl, ticket_index(), ticket.release());
  return 0;  // the reference stays OpenSSL's
}

std::string_view text_or_empty(const char* text) { return text == nullptr ? "" : text; }

// Not std::time(): it may be some milliseconds behind the clock that OpenSSL reads, and a session
// of this moment would be one of the future.
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

bool keep_tickets(SSL_CTX* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_ticket);
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
