#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "files/ground.h"
#include "http/message/fields.h"

namespace troika::files {

// A request on a connection of its own, whose answer is read up to a point and then, later, to its
// end. Gone with this: the connection.
class Transfer {
 public:
  struct Of {
    client::Protocol protocol;
    Address address;
    std::string target;
    HeaderMap fields{};
  };
  // Is shown each piece of the body, and where in the body that is.
  using Look = std::function<void(std::uint64_t at, std::string_view bytes)>;

  Transfer(test::LiveClient& client, const Of& of, Look look);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer();

  // Until the head and that much of the body were read, and not more than one piece beyond it.
  bool run_to(std::uint64_t point);
  bool run_to_end();

  const client::Fetch& fetch() const noexcept { return *fetch_; }
  client::Connection& connection() noexcept { return connection_; }

 private:
  test::LiveClient& client_;
  client::Connection& connection_;
  client::Fetch* fetch_ = nullptr;
  std::uint64_t at_ = 0, point_ = 0;
};

std::size_t count_descriptors();
// Whether this process has open what /proc calls so.
bool is_open(const std::string& name);

}  // namespace troika::files
