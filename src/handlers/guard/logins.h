#pragma once
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ownership.h"
#include "base/time.h"
#include "handlers/guard/guard_spec.h"
#include "http/message/message.h"
#include "ports/background.h"

namespace troika {

// A name and a password as a client sends them (RFC 7617).
struct Credentials {
  std::string name, password;
};
// Of the Authorization field; nothing when it is not Basic, or is not valid.
std::optional<Credentials> basic_credentials(std::string_view authorization);

// Whether it is a hash of bcrypt, SHA-256, SHA-512 or yescrypt, as crypt(3) of this machine takes
// it.
bool is_password_hash(const std::string& hash);

// Checks names and passwords, of one site and one worker. A hash takes as long as its maker wanted,
// so it is computed on the thread pool, one at a time a name, and what was right is remembered for
// a while: by a digest under a key that is lost with the process.
class Logins {
 public:
  enum class Outcome : std::uint8_t { right, wrong, busy };
  using Done = std::move_only_function<void(Outcome outcome)>;

  static constexpr Duration kRemembered = std::chrono::minutes(5);
  static constexpr std::size_t kMostRemembered = 1024;
  static constexpr std::size_t kMostWaiting = 16;  // of one name; more are `busy`

  // `secret`: of the process, random. The arguments outlive it.
  Logins(std::vector<LoginSpec> logins, std::string secret, Background& pool, const Clock& clock);
  Logins(const Logins&) = delete;
  Logins& operator=(const Logins&) = delete;
  ~Logins();

  // Calls `done` at once (then it is null) or later; destroying the operation cancels.
  [[nodiscard]] std::unique_ptr<Operation> check(const Credentials& credentials, Done done);

 private:
  struct Name;
  class Waiting;
  class Task;

  bool is_remembered(const std::string& digest);
  void remember(const std::string& digest);
  void begin(Name& name);
  void finish(Name& name, bool right);

  const std::string secret_;
  Background& pool_;
  const Clock& clock_;
  std::unordered_map<std::string, std::unique_ptr<Name>> names_;
  std::unique_ptr<Name>
      nobody_;  // for all other names: a wrong name takes as long as a wrong password
  struct Remembered {
    std::string digest;
    TimePoint until;
  };
  std::list<Remembered> remembered_;  // the oldest first
  std::unordered_map<std::string_view, std::list<Remembered>::iterator> by_digest_;
};

}  // namespace troika
