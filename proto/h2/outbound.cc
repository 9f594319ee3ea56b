#include "proto/h2/outbound.h"

#include <utility>

namespace troika::h2 {

int Outbound::flush(nghttp2_session* engine, OutputQueue& out, std::size_t high, What what,
                    TimePoint now) {
  if (queued_ == 0) last_moved_ = now;
  out_ = &out;
  high_ = high;
  what_ = what;
  int result = 0;
  while (out.size() < high) {
    const std::uint8_t* data = nullptr;
    const nghttp2_ssize size = nghttp2_session_mem_send2(engine, &data);
    if (size <= 0) {
      result = static_cast<int>(size);
      break;
    }
    const auto count = static_cast<std::size_t>(size);
    out.append_copy(bytes_of(data, count));
    part().control += count;
    queued_ += count;
  }
  out_ = nullptr;
  return result;
}

void Outbound::data_frame(std::int32_t stream, const std::uint8_t* header, Slice payload) {
  out_->append_copy(bytes_of(header, kFrameHeaderBytes));
  Part& last = part();
  last.stream = stream;
  last.control += kFrameHeaderBytes;
  last.body = payload.size();
  queued_ += kFrameHeaderBytes + payload.size();
  out_->append(std::move(payload));
}

Outbound::Part& Outbound::part() {
  if (parts_.empty() || parts_.back().body > 0) parts_.push_back({0, 0, 0});
  return parts_.back();
}

}  // namespace troika::h2
