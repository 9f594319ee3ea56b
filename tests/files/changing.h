#pragma once
// A file that is changed while it is sent.
#include <array>
#include <string>

#include "files/transfer.h"
#include "tools/parity/ask.h"

namespace troika::files {

enum class Change : std::uint8_t { truncate, replace, remove, forbid, append, regrow };
const char* name_of(Change change);

inline constexpr std::uint64_t kLargest = 32U << 20U;
inline constexpr std::uint64_t kNewSize = 200'000;  // what is put in place, or appended
// kLargest letters each; no letter is in both.
const std::string& old_content();
const std::string& new_content();

// One server of one file at a time, and who asks for it.
class Stage {
 public:
  // What the next visitor gets.
  struct Expected {
    std::uint16_t status = 404;
    std::uint64_t size = 0;
  };

  // `ending`: of the file's name, for its media type.
  Stage(client::Protocol protocol, std::string ending);
  // What is left of it in the server; empty: nothing.
  std::string end();

  // Another file, of a name that nobody has asked for; as much of the old content as that.
  void renew(std::uint64_t size);
  // `length`: what truncation leaves.
  Expected make(Change change, std::uint64_t length) const;
  Transfer::Of request(HeaderMap fields) const;
  // The next visitor, after the time when a kept file is looked at again.
  parity::Answer visit();
  // The server has a file of that name open that was deleted, or replaced.
  bool holds_deleted() const { return is_open(ground_.at(file_).string() + " (deleted)"); }
  test::LiveClient& client() noexcept { return *client_; }

 private:
  Ground ground_;
  std::unique_ptr<test::LiveServer> server_;
  std::optional<test::LiveClient> client_{std::in_place};
  client::Protocol protocol_;
  std::string ending_, file_;
  int made_ = 0;
};

}  // namespace troika::files
