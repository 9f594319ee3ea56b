#pragma once
#include <cstddef>
#include <string>

#include "base/random.h"
#include "base/time.h"
#include "http/exchange/observer.h"
#include "http/message/fields.h"
#include "http/message/message.h"

namespace troika {

inline constexpr std::size_t kRequestIdBytes = 128;  // of an id that a client may choose

// Marks requests by which they are found again, and keeps for the log what it wants of their
// fields, which are dropped when the response begins. A worker whose log wants nothing has none.
class RequestMarks {
 public:
  enum class Ids : bool { off, on };
  struct Wanted {
    bool user_agent = false, referer = false;
    Ids ids = Ids::off;  // X-Request-Id and the trace context

    bool any() const noexcept { return user_agent || referer || ids == Ids::on; }
  };

  // `seed` is used here only: ids are not secrets.
  RequestMarks(Wanted wanted, Random& seed) : wanted_(wanted), random_(seed.u64()) {}

  // Once the fields are whole. X-Request-Id stays if it is a token of at most kRequestIdBytes, else
  // it is made anew; of the trace context (W3C) only what is valid stays.
  void mark(HeaderMap& fields);
  // What of() needs of them, cut.
  HeaderMap keep(const HeaderMap& fields) const;
  KeptFields of(const HeaderMap& kept) const noexcept;

 private:
  const Wanted wanted_;
  SeededRandom random_;
};

// The value of Server-Timing: the time until the head of the response, in milliseconds, and the
// protocol by its ALPN name (W3C Server Timing §3).
std::string server_timing(HttpVersion version, Duration total);

}  // namespace troika
