#pragma once
#include <cstdint>
#include <deque>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "base/error.h"
#include "http/message/body.h"
#include "proto/quic/application.h"

namespace troika::h3 {

// Body bytes of one stream that were handed to QUIC and not yet acknowledged. QUIC keeps pointers
// into them for retransmission, so they belong to the stream and outlive the exchange.
class RetainedBytes {
 public:
  // The bytes stay where they are until they are acknowledged. Must not be empty.
  std::span<const std::byte> keep(Slice slice);
  // The first `bytes` of what is kept and not acknowledged. A slice is freed as a whole.
  void acknowledge(std::size_t bytes) noexcept;
  void clear() noexcept;

  std::size_t size() const noexcept { return size_; }  // of all slices that are held

 private:
  std::deque<Slice> slices_;
  std::size_t acknowledged_ = 0;  // of the first slice
  std::size_t size_ = 0;
};

// One request stream as the engine sees it: a field section and a body each way. The calls come
// from under nghttp3: they record, and run no foreign code but BodySource::pull and destructors.
class EngineStream {
 public:
  virtual ~EngineStream() = default;
  quic::StreamId id() const noexcept { return id_; }
  bool fin_handed_out() const noexcept { return fin_handed_out_; }
  bool closed() const noexcept { return closed_; }
  bool window_shut() const noexcept {
    return window_shut_;
  }  // the peer gives this stream no credit

  // token: nghttp3's number of a known name, else -1. Pseudo fields come first.
  virtual void on_field(std::int32_t token, std::string_view name, std::string_view value) = 0;
  virtual void on_fields_end(bool fin) = 0;
  virtual void on_trailer(std::string_view name, std::string_view value) = 0;
  virtual void on_data(std::span<const std::byte> bytes) = 0;  // owes Engine::credit()
  virtual void on_end() = 0;
  virtual void on_rejected() = 0;  // nghttp3 has refused it: it is past our GOAWAY

  virtual Result<Pulled> pull(std::size_t max_bytes) = 0;  // a failure has recorded a reset
  virtual bool body_complete() const noexcept = 0;         // `end` need not be pulled: it is known
  virtual const HeaderMap& outgoing_trailers() const noexcept = 0;
  virtual void on_body_acked(std::size_t bytes) noexcept = 0;
  virtual void on_fin_handed_out() = 0;  // QUIC has taken all of our side

 protected:
  explicit EngineStream(quic::StreamId id) noexcept : id_(id) {}

  // QUIC has forgotten the stream: what follows is of another one.
  void begin_again(quic::StreamId id) noexcept {
    id_ = id;
    retained_.clear();
    unconsumed_ = 0;
    source_blocked_ = window_shut_ = fin_handed_out_ = false;
    fin_received_ = fin_delivered_ = closed_ = false;
  }

 private:
  friend class Engine;
  friend struct EngineCallbacks;
  quic::StreamId id_;
  RetainedBytes retained_;
  std::size_t unconsumed_ = 0;   // body bytes given to on_data() and not credited
  bool source_blocked_ = false;  // pull() said so, and resume() did not come
  bool window_shut_ = false;
  bool fin_handed_out_ = false;
  bool fin_received_ = false;   // by us from QUIC
  bool fin_delivered_ = false;  // by nghttp3, which may have waited for QPACK
  bool closed_ = false;         // by QUIC
};

}  // namespace troika::h3
