#pragma once
#include <array>
#include <utility>

#include "client/client.h"
#include "tools/parity/ask.h"

namespace troika::parity {

struct NamedProtocol {
  client::Protocol protocol;
  const char* name;
};
inline constexpr std::array<NamedProtocol, 3> kProtocols{
    {{client::Protocol::h1, "h1"}, {client::Protocol::h2, "h2"}, {client::Protocol::h3, "h3"}}};

// Asks one server over one protocol, on one connection for as long as it lasts.
class Asker {
 public:
  struct To {
    client::Protocol protocol;
    Address address;
    std::string host;         // of the certificate
    std::string authority{};  // "Host"; empty: host and port
    std::size_t at_once = 1;  // requests in flight; h1 has one
    Duration connect_within = std::chrono::seconds(5);
    Duration answer_within = std::chrono::seconds(10);
  };

  // A connection that ended while it was still of use.
  struct Ending {
    std::string why;
    Ask after;              // the last request on it, or the last of those that were in flight
    Answer answer;          // to that; without its body
    std::size_t again = 0;  // requests that were asked once more because of it
  };

  // The client outlives this.
  Asker(client::Client& client, To to);
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;
  ~Asker();

  // Makes a connection, if there is none that takes requests. The error says why there is none.
  Checked<void> connect();
  std::vector<Answer> ask(const std::vector<Ask>& asks);
  Answer ask(const Ask& one) { return ask(std::vector{one}).front(); }

  // Those since the last call. One that nobody has noticed yet shows with the next request.
  std::vector<Ending> take_endings() { return std::exchange(endings_, {}); }
  const std::string& authority() const noexcept { return to_.authority; }

 private:
  std::vector<Answer> ask_together(std::span<const Ask> asks);
  void ask_again(std::span<const Ask> asks, std::vector<Answer>& answers);
  bool lost() const noexcept { return connection_ == nullptr || connection_->closed(); }
  void hang_up();
  void note_ending(std::string why, std::size_t again = 0);

  client::Client& client_;
  To to_;
  client::Connection* connection_ = nullptr;
  bool used_ = false;  // the connection carried a request before
  Ask last_ask_;       // on it
  Answer last_answer_;
  std::vector<Ending> endings_;
};

}  // namespace troika::parity
