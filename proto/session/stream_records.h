#pragma once
#include <optional>
#include <utility>
#include <vector>

#include "http/exchange/exchange.h"

namespace troika {

// The part of a protocol stream that records what its exchange asks for, until the session acts on
// it in produce() or apply(). mark_dirty() puts the stream on its session's list of dirty streams.
class StreamRecords : public StreamPort {
 public:
  struct Head {
    ResponseHead head;
    BodyFraming framing;
  };

  void send_informational(const ResponseHead& response) final {
    informational.push_back(response);
    mark_dirty();
  }
  void send_head(ResponseHead&& response, BodyFraming framing) final {
    head.emplace(std::move(response), framing);
    mark_dirty();
  }
  void body_ready() noexcept final {
    ready = true;
    mark_dirty();
  }
  void credit(std::size_t consumed) noexcept final {
    consumed_bytes += consumed;
    mark_dirty();
  }
  void stop_receiving(AbortReason reason) noexcept final {
    stop = reason;
    mark_dirty();
  }
  void reset(AbortReason reason) noexcept final {
    aborted = reason;
    mark_dirty();
  }

 protected:
  ~StreamRecords() = default;
  // The session takes each with std::exchange.
  std::vector<ResponseHead> informational;
  std::optional<Head> head;
  std::optional<AbortReason> stop, aborted;
  std::size_t consumed_bytes = 0;
  bool ready = false;
};

}  // namespace troika
