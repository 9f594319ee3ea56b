#pragma once
#include <cstdint>
#include <functional>
#include <optional>

#include "base/time.h"
#include "handlers/files/file_response.h"
#include "handlers/files/representation.h"
#include "handlers/files/static_site.h"

namespace troika {

// Waits for all that a response needs before it can be sent: the digest (for the entity tag, or for
// Repr-Digest), the compressed file, the body of a small file. Digests and compressed files are
// computed on the thread pool, once for all requests, and only while a request waits for them. A
// request that finds no place in the queue, or has waited too long in it, goes on without them;
// what it waited for is still computed, for the next one. For HEAD, only the entity tag is.
class Preparation {
 public:
  enum class Outcome : std::uint8_t {
    ready,
    not_kept,  // the file keeps changing, so that it cannot be compressed as a whole
    busy,      // it cannot be compressed as a whole now
    outdated   // the file is not the one that was opened: look for it again; reported once
  };
  using Done = std::move_only_function<void(Outcome)>;

  explicit Preparation(SiteRequest& scope) noexcept : scope_(scope) {}
  // `done` is called once, maybe at once; the representation lives until then.
  void prepare(const Representation& representation, Done done);
  // Valid when it is `ready`.
  const Selection& selection() const noexcept { return selection_; }

 private:
  enum class Step : std::uint8_t { encoded, digest, body, check };
  // How a wait for the thread pool ended.
  enum class Waited : std::uint8_t { made, failed, late };
  using Then = std::move_only_function<void(Waited)>;

  void evaluate();
  void proceed();
  bool awaits_encoded();
  bool awaits_digest();
  bool awaits_digest(std::move_only_function<void()> then);
  template <class T>
  void wait_for(SharedResult<T>& result, Admission& admission, Then then);
  void on_late();
  bool awaits_body();
  bool is_outdated();
  void finish(Outcome outcome);

  SiteRequest& scope_;
  const Representation* representation_ = nullptr;
  Selection selection_;
  Step step_ = Step::encoded;  // the next
  bool digest_failed_ = false;
  bool retried_ = false;
  Done done_;
  Then then_;                                // of the wait
  std::move_only_function<bool()> give_up_;  // the wait; false: the work has begun
  std::optional<Timer> patience_;            // once there was a wait
};

}  // namespace troika
