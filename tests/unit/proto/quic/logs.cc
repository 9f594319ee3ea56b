#include "logs.h"

#include <catch2/catch_test_macros.hpp>
#include <stdexcept>

#include "base/text.h"

namespace troika::test {
namespace {

class Sink final : public quic::QlogSink {
 public:
  explicit Sink(Logs::Log& log) : log_(log) {}
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink() override { log_.ended = true; }
  void write(std::span<const std::byte> records) noexcept override {
    CHECK(records.front() == std::byte{0x1e});
    CHECK(records.back() == std::byte{'\n'});
    log_.text.append(reinterpret_cast<const char*>(records.data()), records.size());
  }

 private:
  Logs::Log& log_;
};

}  // namespace

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += formatted("{:02x}", byte);
  return text;
}

std::unique_ptr<quic::QlogSink> Logs::open(std::span<const std::uint8_t> id,
                                           const Address& remote) {
  all.push_back(std::make_unique<Log>(hex(id), remote));
  return std::make_unique<Sink>(*all.back());
}

Json parameters_of(const Logs::Log& log) {
  for (const Json& record : read_json_sequence(log.text)) {
    if (!record.contains("name") || record.at("name") != "transport:parameters_set") continue;
    if (record.at("data").at("owner") == "local") return record.at("data");
  }
  throw std::runtime_error("no parameters of the server");
}

}  // namespace troika::test
