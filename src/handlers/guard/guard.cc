#include "handlers/guard/guard.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "http/exchange/observer.h"

namespace troika {

// Waits for the outcome of a login, and has the job of whoever responds then.
class Guard::LoginJob final : public Job {
 public:
  LoginJob(Guard& guard, RequestContext context, Responder& responder, Pass pass, Refuse refuse)
      : guard_(guard),
        context_(context),
        responder_(responder),
        pass_(std::move(pass)),
        refuse_(std::move(refuse)) {}

  void begin(const Credentials& credentials) {
    operation_ = guard_.logins_->check(credentials,
                                       [this](Logins::Outcome outcome) { on_outcome(outcome); });
  }

 private:
  void on_outcome(Logins::Outcome outcome) {
    HeaderMap fields;
    switch (outcome) {
      case Logins::Outcome::right: inner_ = pass_(context_, responder_); return;
      case Logins::Outcome::wrong:
        inner_ = refuse_(context_, responder_, 401, guard_.challenge());
        return;
      case Logins::Outcome::busy:
        fields.add("retry-after", "1");
        inner_ = refuse_(context_, responder_, 503, std::move(fields));
        return;
    }
  }

  Guard& guard_;
  const RequestContext context_;
  Responder& responder_;
  Pass pass_;
  Refuse refuse_;
  std::unique_ptr<Operation> operation_;
  std::unique_ptr<Job> inner_;
};

Guard::Guard(const GuardSpec& spec, RateTable* rate, const Parts& parts)
    : spec_(spec), rate_(rate), clock_(parts.clock) {
  if (!spec.logins.empty()) logins_.emplace(spec.logins, parts.secret, parts.pool, parts.clock);
}

bool Guard::is_welcome(const Address& client) const noexcept {
  const auto has = [&](const AddressRange& range) { return range.contains(client); };
  if (std::ranges::any_of(spec_.deny, has)) return false;
  return spec_.allow.empty() || std::ranges::any_of(spec_.allow, has);
}

// RFC 7617 §2.1: names and passwords are UTF-8.
HeaderMap Guard::challenge() const {
  HeaderMap fields;
  fields.add("www-authenticate", formatted("Basic realm=\"{}\", charset=\"UTF-8\"", spec_.realm));
  return fields;
}

std::unique_ptr<Job> Guard::start(RequestContext context, Responder& responder, Pass pass,
                                  Refuse refuse) {
  const Address& client = context.peer.remote;
  if (!is_welcome(client)) return refuse(context, responder, 403, {});
  if (rate_ != nullptr) {
    if (const auto wait = rate_->take(client, clock_.now())) {
      HeaderMap fields;
      fields.add("retry-after",
                 std::to_string(std::chrono::ceil<std::chrono::seconds>(*wait).count()));
      return refuse(context, responder, 429, std::move(fields));
    }
  }
  if (!logins_) return pass(context, responder);
  const auto field = context.request.headers.get("authorization");
  const auto credentials = field ? basic_credentials(*field) : std::nullopt;
  if (!credentials) return refuse(context, responder, 401, challenge());
  auto job =
      std::make_unique<LoginJob>(*this, context, responder, std::move(pass), std::move(refuse));
  job->begin(*credentials);
  return job;
}

}  // namespace troika
