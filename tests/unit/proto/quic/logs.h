#pragma once
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "proto/quic/qlog.h"
#include "support/json.h"

namespace troika::test {

inline std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += formatted("{:02x}", byte);
  return text;
}

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
                                       const Address& remote) override {
    all.push_back(std::make_unique<Log>(hex(id), remote));
    return std::make_unique<Sink>(*all.back());
  }

  bool wanted = true;
  int asked = 0;
  std::vector<std::unique_ptr<Log>> all;

 private:
  class Sink final : public quic::QlogSink {
   public:
    explicit Sink(Log& log) : log_(log) {}
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    ~Sink() override { log_.ended = true; }
    void write(std::span<const std::byte> records) noexcept override {
      CHECK(records.front() == std::byte{0x1e});
      CHECK(records.back() == std::byte{'\n'});
      log_.text.append(reinterpret_cast<const char*>(records.data()), records.size());
    }

   private:
    Log& log_;
  };
};

// The transport parameters that the server has sent.
inline Json parameters_of(const Logs::Log& log) {
  for (const Json& record : read_json_sequence(log.text)) {
    if (!record.contains("name") || record.at("name") != "transport:parameters_set") continue;
    if (record.at("data").at("owner") == "local") return record.at("data");
  }
  throw std::runtime_error("no parameters of the server");
}

}  // namespace troika::test
