#pragma once
#include <memory>
#include <string>
#include <vector>

#include "proto/quic/qlog.h"
#include "support/json.h"

namespace troika::test {

std::string hex(std::span<const std::uint8_t> bytes);

// Keeps the logs of all connections that it is asked for.
class Logs final : public quic::QlogSource {
 public:
  struct Log {
    std::string id;
    Address remote;
    std::string text{};
    bool ended = false;
  };
  bool wants(const Address&) override {
    ++asked;
    return wanted;
  }
  std::unique_ptr<quic::QlogSink> open(std::span<const std::uint8_t> id,
                                       const Address& remote) override;

  bool wanted = true;
  int asked = 0;
  std::vector<std::unique_ptr<Log>> all;
};

// The transport parameters that the server has sent.
Json parameters_of(const Logs::Log& log);

}  // namespace troika::test
