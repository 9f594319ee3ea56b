#include "handlers/guard/logins.h"

#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include "base/text.h"

namespace troika {
namespace {

// A hash of no password: what it takes to compute is what counts. SHA-512 with its default rounds.
constexpr std::string_view kNobody =
    "$6$troikatroika$"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000";
constexpr std::size_t kLeastHash = 50;     // characters; a setting without a hash has fewer
constexpr std::size_t kMostBase64 = 1024;  // bytes of credentials

std::string hash_of(const std::string& password, const std::string& setting) {
  const auto data = std::make_unique<crypt_data>();
  const char* const made = crypt_r(password.c_str(), setting.c_str(), data.get());
  return made == nullptr ? "" : made;
}

bool equal(const std::string& a, const std::string& b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::optional<Credentials> basic_credentials(std::string_view authorization) {
  const std::size_t space = authorization.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  std::string scheme(authorization.substr(0, space));
  std::ranges::transform(scheme, scheme.begin(), ascii::lower);
  const std::string_view coded = ascii::trim(authorization.substr(space));
  if (scheme != "basic" || coded.empty() || coded.size() % 4 != 0 || coded.size() > kMostBase64) {
    return std::nullopt;
  }
  std::string text(coded.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(coded.data()),
                                   static_cast<int>(coded.size()));
  if (size < 0) return std::nullopt;
  // It writes whole triples, with zeros for "=".
  text.resize(static_cast<std::size_t>(size) -
              static_cast<std::size_t>(std::ranges::count(coded.substr(coded.size() - 2), '=')));
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || text.contains('\0')) return std::nullopt;
  return Credentials{text.substr(0, colon), text.substr(colon + 1)};
}

bool is_password_hash(const std::string& hash) {
  static constexpr std::array<std::string_view, 7> kForms{"$2a$", "$2b$", "$2y$", "$5$",
                                                          "$6$",  "$y$",  "$gy$"};
  const int salt = crypt_checksalt(hash.c_str());
  return std::ranges::any_of(kForms,
                             [&](std::string_view form) { return hash.starts_with(form); }) &&
         salt != CRYPT_SALT_INVALID && salt != CRYPT_SALT_METHOD_DISABLED &&
         hash.size() > kLeastHash;
}

// One who waits for the outcome; owned by who asked.
class Logins::Waiting final : public Operation {
 public:
  Waiting(Name& name, std::string password, std::string digest, Done done);
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() override;

  Name* name;  // null: answered
  std::string password, digest;
  Done done;
};

struct Logins::Name {
  explicit Name(std::string h) : hash(std::move(h)) {}

  std::string hash;
  std::deque<Waiting*> waiting{};  // the first is being checked, or has gone: null
  std::unique_ptr<Operation> running{};
};

Logins::Waiting::Waiting(Name& n, std::string p, std::string d, Done then)
    : name(&n), password(std::move(p)), digest(std::move(d)), done(std::move(then)) {
  name->waiting.push_back(this);
}

Logins::Waiting::~Waiting() {
  if (name != nullptr) std::ranges::replace(name->waiting, this, nullptr);
}

class Logins::Task final : public Background::Task {
 public:
  // `right`: it was found out meanwhile.
  Task(Logins& owner, Name& name, std::string password, bool right)
      : owner_(owner),
        name_(name),
        hash_(name.hash),
        password_(std::move(password)),
        right_(right) {}
  void work() noexcept override { right_ = right_ || equal(hash_of(password_, hash_), hash_); }
  void finish() override { owner_.finish(name_, right_); }

 private:
  Logins& owner_;
  Name& name_;
  const std::string hash_, password_;
  bool right_;
};

Logins::Logins(std::vector<LoginSpec> logins, std::string secret, Background& pool,
               const Clock& clock)
    : secret_(std::move(secret)),
      pool_(pool),
      clock_(clock),
      nobody_(std::make_unique<Name>(std::string(kNobody))) {
  for (LoginSpec& login : logins) {
    names_.emplace(std::move(login.name), std::make_unique<Name>(std::move(login.hash)));
  }
}

Logins::~Logins() = default;

std::unique_ptr<Operation> Logins::check(const Credentials& credentials, Done done) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const std::string text =
      formatted("{}:{}{}", credentials.name.size(), credentials.name, credentials.password);
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       reinterpret_cast<unsigned char*>(digest.data()), &size);
  digest.resize(size);
  if (is_remembered(digest)) {
    done(Outcome::right);
    return nullptr;
  }
  const auto found = names_.find(credentials.name);
  Name& name = found == names_.end() ? *nobody_ : *found->second;
  if (name.waiting.size() >= kMostWaiting) {
    done(Outcome::busy);
    return nullptr;
  }
  auto waiting =
      std::make_unique<Waiting>(name, credentials.password, std::move(digest), std::move(done));
  if (name.running == nullptr) begin(name);
  return waiting;
}

void Logins::begin(Name& name) {
  while (!name.waiting.empty() && name.waiting.front() == nullptr) name.waiting.pop_front();
  if (name.waiting.empty()) return;
  const Waiting& next = *name.waiting.front();
  name.running =
      pool_.run(std::make_unique<Task>(*this, name, next.password, is_remembered(next.digest)));
}

void Logins::finish(Name& name, bool right) {
  const std::unique_ptr<Operation> ended = std::move(name.running);
  Waiting* const first = name.waiting.front();
  name.waiting.pop_front();
  const bool known = right && &name != nobody_.get();
  if (first != nullptr) {
    first->name = nullptr;
    if (known) remember(first->digest);
  }
  begin(name);
  if (first != nullptr) first->done(known ? Outcome::right : Outcome::wrong);
}

bool Logins::is_remembered(const std::string& digest) {
  const auto found = by_digest_.find(digest);
  if (found == by_digest_.end()) return false;
  if (clock_.now() < found->second->until) return true;
  const auto at = found->second;
  by_digest_.erase(found);
  remembered_.erase(at);
  return false;
}

void Logins::remember(const std::string& digest) {
  if (by_digest_.contains(digest)) return;
  if (remembered_.size() >= kMostRemembered) {
    by_digest_.erase(remembered_.front().digest);
    remembered_.pop_front();
  }
  remembered_.push_back({digest, clock_.now() + kRemembered});
  by_digest_.emplace(remembered_.back().digest, std::prev(remembered_.end()));
}

}  // namespace troika
