#pragma once
#include "client/client.h"
#include "parity/ask.h"

namespace troika::parity {

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

  // The client outlives this.
  Asker(client::Client& client, To to);
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;
  ~Asker();

  // Makes a connection, if there is none that takes requests. The error says why there is none.
  Checked<void> connect();
  std::vector<Answer> ask(const std::vector<Ask>& asks);
  Answer ask(const Ask& one) { return ask(std::vector{one}).front(); }

  const std::string& authority() const noexcept { return to_.authority; }

 private:
  std::vector<Answer> ask_together(std::span<const Ask> asks);
  bool lost() const noexcept { return connection_ == nullptr || connection_->closed(); }
  void hang_up();

  client::Client& client_;
  To to_;
  client::Connection* connection_ = nullptr;
  bool used_ = false;  // the connection carried a request before
};

}  // namespace troika::parity
