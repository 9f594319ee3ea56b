#pragma once
// The peer of a session of HTTP/3, which keeps QUIC's own rules.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "fuzz/cases.h"
#include "support/fake_quic.h"
#include "support/session_harness.h"

namespace troika::fuzz {

class H3Peer {
 public:
  // server: the session is one. `clock` outlives it.
  H3Peer(bool server, const Clock& clock, test::FakeQuic::Settings settings)
      : clock_(clock), server_(server), quic_(server, settings) {}

  test::FakeQuic& quic() { return quic_; }

  // As much as the windows let through; it is the last of its stream if all of it fits.
  void send(quic::StreamId id, std::string_view bytes, bool fin) {
    const auto& stream = quic_.stream(id);
    const auto room = static_cast<std::size_t>(
        std::min(stream.receive_limit - stream.received, quic_.connection_window_left()));
    fin = fin && bytes.size() <= room;
    quic_.receive(id, test::bytes_of(bytes.substr(0, room)), fin, clock_.now(),
                  quic_.security().handshaking);
  }

  // What QUIC brings beside data.
  void operate(Input& input) {
    const unsigned what = input.byte() % 8;
    const quic::StreamId id = any(input);
    const bool open = quic_.streams.contains(id);
    if (what < 2) {
      quic_.turn(clock_.now());
    } else if (what == 2) {
      quic_.ack_all();
    } else if (what == 3 && open) {  // a part of it
      const auto& stream = quic_.stream(id);
      const std::uint64_t bytes =
          std::min<std::uint64_t>(stream.written - stream.acked, input.byte());
      quic_.receive_ack(id, bytes, false);
    } else if (what == 4 && open && receives(id)) {
      quic_.receive_reset(id, input.byte() + 0xf8U);
    } else if (what == 5 && open && sends(id)) {
      quic_.tells_stop_sending = input.byte() % 2 == 0;
      quic_.receive_stop_sending(id, 0x100U + input.byte() % 32);
    } else if (what == 6 && open && sends(id)) {
      quic_.receive_stream_credit(id, quic_.stream(id).send_limit + input.byte() * 100U);
    } else if (what == 7) {
      quic_.packet = 100U + input.byte() * 10U;
      quic_.burst = 1U + input.byte() * 1000U;
    }
  }

  void settle() {
    quic_.burst = 1U << 20U;
    for (int i = 0; i < 1000 && quic_.turn(clock_.now()); ++i) quic_.ack_all();
  }
  void check_end() const {
    require(!quic_.broken, "QUIC's rules and the memory of what is unacknowledged are kept");
    require(quic_.held.held() == 0, "the account of the connection is at zero");
  }

 private:
  bool own(quic::StreamId id) const { return quic::is_client_initiated(id) != server_; }
  bool receives(quic::StreamId id) const { return quic::is_bidi(id) || !own(id); }
  bool sends(quic::StreamId id) const { return quic::is_bidi(id) || own(id); }
  // One of the first of the four kinds (RFC 9000 §2.1).
  static quic::StreamId any(Input& input) {
    const unsigned which = input.byte();
    if (which < 160) return 4 * static_cast<quic::StreamId>(which % 8);
    return 4 * static_cast<quic::StreamId>(which % 4) + (which < 208 ? 2 : 3);
  }

  const Clock& clock_;
  bool server_;
  test::FakeQuic quic_;
};

}  // namespace troika::fuzz
