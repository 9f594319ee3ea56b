// A server of HTTP/3 that sends frames, right ones and wrong ones, on any stream of its own or of
// the client session's, with users that do what the input says; streams are stopped and reset,
// credit and acknowledgements come late, time passes. Whatever comes: each user hears one head and
// one failure at most, no more content waits than its window, what waits for nothing ends in time,
// and nothing is left.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "fuzz/callers.h"
#include "fuzz/cases.h"
#include "fuzz/h3_peer.h"
#include "fuzz/h3_writer.h"
#include "proto/h3/session.h"

namespace {

using namespace troika;
using fuzz::Input, fuzz::require;

class Run {
 public:
  explicit Run(Input input) : input_(input), shape_(input_.byte()) {}

  void run() {
    bench_.limits.call_window = window();
    if ((shape_ & 2U) != 0) bench_.limits.response_bytes = 2000;
    if ((shape_ & 4U) != 0) bench_.limits.retained_bytes = 5000;
    app_ = h3::make_client_session(bench_.call_services, peer_.quic());
    peer_.quic().start(*app_, now());
    if ((shape_ & 8U) == 0) {  // SETTINGS come first; they allow tunnels
      peer_.send(3, std::string(1, '\0') + test::frame(4, test::varint(8) + test::varint(1)),
                 false);
    }
    while (!input_.empty() && peer_.quic().alive()) {
      operate();
      callers_.check();
    }
    end();
  }

 private:
  TimePoint now() const { return bench_.clock.now(); }
  std::size_t window() const { return (shape_ & 1U) != 0 ? 500 : 256U << 10U; }

  void operate() {
    const unsigned what = input_.byte() % 14;
    if (what < 7) {
      message(what);
    } else if (what < 9) {
      callers_.start(*app_, input_);
    } else if (what < 11) {
      callers_.operate(input_);
    } else if (what == 11) {
      peer_.operate(input_);
    } else if (what == 12) {
      pass(std::chrono::milliseconds(100) * input_.byte());
    } else {
      const unsigned how = input_.byte();
      if (how % 8 == 0) app_->drain();
      if (how % 8 == 1) peer_.quic().receive_bidi_streams(how);
      if (how % 8 > 1) peer_.quic().turn(now());
    }
  }
  // A byte of the input says where, and whether it is the last of its stream.
  void message(unsigned what) {
    const unsigned where = input_.byte();
    const bool fin = where >= 128;
    // QUIC lets a server send on no stream that its client has not opened.
    quic::StreamId request = 4 * static_cast<quic::StreamId>(where % 6);
    const quic::StreamId uni = 4 * static_cast<quic::StreamId>(where % 4) + 3;
    if (!peer_.quic().streams.contains(request)) request = uni;
    switch (what) {
      case 0:
      case 1: {
        const fuzz::Fields fields = fuzz::response_fields(input_);
        peer_.send(request, fuzz::h3_headers(input_, fields), fin);
        break;
      }
      case 2: {
        const fuzz::Fields fields = fuzz::trailer_fields(input_);
        peer_.send(request, fuzz::h3_headers(input_, fields), fin);
        break;
      }
      case 3: peer_.send(request, fuzz::h3_data(input_), fin); break;
      case 4: peer_.send(where % 2 == 0 ? uni : request, fuzz::h3_control(input_), fin); break;
      case 5: {
        const bool type = input_.byte() % 2 == 0;
        peer_.send(uni, type ? fuzz::h3_stream_type(input_) : fuzz::qpack_instruction(input_), fin);
        break;
      }
      default: peer_.send(where % 2 == 0 ? uni : request, input_.text(input_.byte()), fin);
    }
  }
  void pass(Duration time) {
    bench_.clock.advance(time);
    if (peer_.quic().alive() && app_->deadline() <= now()) app_->on_deadline(now());
  }

  void end() {
    peer_.settle();
    // What waits for its own user waits for ever.
    callers_.let_go();
    peer_.settle();
    for (int i = 0; i < 1000 && peer_.quic().alive() && !app_->idle(); ++i) {
      require(app_->deadline() != kNever, "a request has a deadline");
      pass(std::max(Duration(0), app_->deadline() - now()));
      peer_.settle();
    }
    require(!peer_.quic().alive() || app_->idle(), "calls end");
    peer_.quic().lose();
    require(app_->idle() && app_->full() && app_->deadline() == kNever);
    app_.reset();
    callers_.check_end();
    peer_.check_end();
    require(bench_.pool.outstanding() == 0, "no buffer is left");
  }

  Input input_;
  unsigned shape_;
  test::Bench bench_{"h3"};
  fuzz::H3Peer peer_{
      false,
      bench_.clock,
      {.stream_window = window(), .connection_window = 4U << 20U, .bidi_streams = 6}};
  fuzz::Callers callers_{bench_.pool, bench_.limits};
  std::unique_ptr<h3::ClientApplication> app_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run(Input(data, size)).run();
  return 0;
}
