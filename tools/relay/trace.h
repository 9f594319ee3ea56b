#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "tools/network/path.h"

namespace troika::relay {

using network::Dropped, network::Verdict;

// The packet type by the first bytes (RFC 9000 §17, RFC 9369 §3.2): "initial", "0-rtt",
// "handshake", "retry", "version-negotiation", "long" for an unknown version, "short".
std::string_view packet_class(std::span<const std::byte> datagram) noexcept;

struct TraceEntry {
  Duration since{};  // since the relay started
  std::uint64_t client = 0;
  bool up = false;
  std::size_t bytes = 0;
  std::string_view packet;
  Verdict verdict;
  Duration delay{};
  bool overflow = false;  // dropped by the relay's own limit
  bool marked = false;    // its ECN bits were changed
};
std::string text_of(const TraceEntry& entry);  // one line, without a newline

// Writes such lines to a file. Without a file it does nothing.
class Trace {
 public:
  static constexpr std::uint64_t kMostLines = 5'000'000;

  Trace() = default;
  static Checked<Trace> open(const std::string& file, std::uint64_t most_lines = kMostLines);
  bool on() const noexcept { return file_ != nullptr; }
  void add(const TraceEntry& entry);

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t left_ = 0;
};

}  // namespace troika::relay
