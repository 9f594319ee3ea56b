#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ports/address.h"

namespace troika::quic {

// Takes the qlog of one connection, which owns it: JSON text sequences (RFC 7464) of qlog 0.3.
class QlogSink {
 public:
  virtual ~QlogSink() = default;  // nothing more comes
  // Whole records, each with its separator before and its newline behind.
  virtual void write(std::span<const std::byte> records) noexcept = 0;
};

// Says which connections of an endpoint are logged, and where to.
class QlogSource {
 public:
  virtual ~QlogSource() = default;
  // Asked as a connection begins, of which most may turn out to be none.
  virtual bool wants(const Address& remote) = 0;
  // Of one that was wanted, once its first packet has been read; null: there is no room after all.
  // `id` is the destination id that the client made up first.
  virtual std::unique_ptr<QlogSink> open(std::span<const std::uint8_t> id,
                                         const Address& remote) = 0;
};

}  // namespace troika::quic
