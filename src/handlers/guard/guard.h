#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "handlers/guard/logins.h"
#include "handlers/guard/rate_table.h"
#include "handlers/guard_spec.h"
#include "http/exchange/handler.h"
#include "http/message/fields.h"

namespace troika {

// Stands before a site, for one worker: addresses first, then how often they ask, then logins.
class Guard {
 public:
  // Who is let in, once, and who is not, once.
  using Pass = std::move_only_function<std::unique_ptr<Job>(RequestContext, Responder&)>;
  using Refuse = std::move_only_function<std::unique_ptr<Job>(RequestContext, Responder&,
                                                              std::uint16_t status, HeaderMap)>;

  struct Parts {
    Background& pool;
    const Clock& clock;
    std::string secret;  // of the process, random
  };

  // `rate`: what all workers share; null: no limit. All of them outlive it.
  Guard(const GuardSpec& spec, RateTable* rate, const Parts& parts);

  // As Handler::start().
  [[nodiscard]] std::unique_ptr<Job> start(RequestContext context, Responder& responder, Pass pass,
                                           Refuse refuse);

 private:
  class LoginJob;

  bool is_welcome(const Address& client) const noexcept;
  HeaderMap challenge() const;

  const GuardSpec& spec_;
  RateTable* const rate_;
  const Clock& clock_;
  std::optional<Logins> logins_;
};

}  // namespace troika
