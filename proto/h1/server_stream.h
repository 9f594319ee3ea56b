#pragma once
#include <cstdint>

#include "base/output_queue.h"
#include "http/exchange/exchange.h"
#include "http/message/message.h"
#include "proto/h1/parser.h"
#include "proto/h1/writer.h"
#include "proto/session/byte_session.h"
#include "proto/session/stream_records.h"
#include "proto/session/unsent_ledger.h"

namespace troika::h1 {

class ServerStream;
using Ledger = UnsentLedger<ServerStream*>;

// Where a stream writes, and how much fits in.
struct Output {
  OutputQueue& queue;
  std::size_t high_watermark;
  Ledger& ledger;
  bool has_room() const noexcept { return queue.size() < high_watermark; }
  std::size_t room() const noexcept { return has_room() ? high_watermark - queue.size() : 0; }
};

// One request and its response on the connection.
class ServerStream final : public StreamRecords {
 public:
  ServerStream(Services& services, const PeerInfo& peer, SessionHost& host);

  // fields: of the request's head. With has_body, the bytes of the body follow.
  void begin(Request request, const MessageFields& fields);
  void reject(Request partial, std::uint16_t status);

  // Request bytes, as they come.
  bool on_body(std::span<const std::byte> bytes);  // false: it is not valid
  void on_body_end(HeaderMap trailers);
  // The rest of the body is not valid (400, 431) or will not come (0).
  void on_body_fault(std::uint16_t status, AbortReason why);
  std::size_t window() const noexcept { return limits_.stream_window - (unread_ - consumed_bytes); }

  // Acts on what was recorded and writes what is there. True: something changed.
  bool produce(Output out, bool draining, TimePoint now);

  bool request_over() const noexcept { return request_over_; }    // read, or given up
  bool response_over() const noexcept { return response_over_; }  // all of it is in the queue
  bool broken() const noexcept { return broken_; }                // the response was cut short
  bool was_reset() const noexcept { return aborted.has_value(); }
  bool keeps_alive() const noexcept { return keeps_alive_; }  // as far as is known now
  bool starved() const noexcept { return starved_; }          // more to write than had room

  void on_sent(std::size_t bytes) noexcept { exchange_.on_sent(bytes); }
  void on_all_sent() noexcept { all_sent_ = true; }
  bool all_sent() const noexcept { return all_sent_; }
  void close(AbortReason reason) noexcept;  // none: without an error

  TimePoint deadline() const noexcept;
  void on_progress(TimePoint progress) noexcept { exchange_.on_progress(progress); }
  void on_deadline(TimePoint now);

 private:
  void mark_dirty() noexcept override { host_.mark_dirty(); }

  bool take_credit() noexcept;
  bool write_informational(Output& out);
  bool write_head(Output& out, bool draining);
  bool write_body(Output& out);
  void write_slice(Output& out, Slice slice);
  void finish_response(Output& out, TimePoint now);
  bool decide_keep_alive(bool draining);
  bool may_discard_rest() const noexcept;
  void break_off() noexcept;
  void give_up_request() noexcept;

  const Limits& limits_;
  const Timeouts& timeouts_;
  SessionHost& host_;
  Exchange exchange_;
  MessageFields fields_;
  std::uint64_t received_ = 0;  // request body bytes
  std::size_t unread_ = 0;      // of them in the body channel
  Discard discard_;
  Delimiter delimiter_ = Delimiter::none;
  bool refused_ = false;
  bool continued_ = false;  // 100 was sent
  bool blocked_ = false;    // the response body will wake us
  bool head_written_ = false;
  bool request_over_ = false, response_over_ = false;
  bool broken_ = false, starved_ = false, all_sent_ = false;
  bool keeps_alive_ = true;
};

}  // namespace troika::h1
