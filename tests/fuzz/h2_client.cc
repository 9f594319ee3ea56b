// A server of HTTP/2 that sends frames, right ones and wrong ones, in any order and in pieces,
// against the client session, with users that do what the input says. Whatever comes: each user
// hears one head and one failure at most, no more content waits than its window, what waits for
// nothing ends in time, and nothing is left.
#include <cstddef>
#include <cstdint>
#include <string>

#include "fuzz/callers.h"
#include "fuzz/cases.h"
#include "fuzz/h2_writer.h"
#include "proto/h2/client_session.h"

namespace {

using namespace troika;
using fuzz::Input, fuzz::require;

class Run {
 public:
  explicit Run(Input input) : input_(input) {}

  void run() {
    const unsigned shape = input_.byte();
    if ((shape & 1U) != 0) bench_.limits.call_window = 500;
    if ((shape & 2U) != 0) bench_.limits.h2_outbound_frames = 20;
    if ((shape & 4U) != 0) bench_.limits.response_bytes = 2000;
    piece_ = (shape & 8U) != 0 ? 7 : 1U << 20U;
    session_ = h2::make_client_session(bench_.call_services, bench_.client_host);
    if ((shape & 16U) == 0) {  // SETTINGS come first; they allow tunnels
      callers_.start(*session_, input_);
      send(h2::frame(h2::kSettings, 0, 0, h2::setting(8, 1)));
      flush();
    }
    while (!input_.empty() && !over()) {
      operate();
      callers_.check();
      require(out_.size() < kHigh + 70'000, "output is bounded");
    }
    end();
  }

 private:
  static constexpr std::size_t kHigh = 65'536;

  bool over() const { return session_->interest().finished; }
  void send(const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += piece_) {
      const auto piece = std::string_view(bytes).substr(at, piece_);
      std::ignore = session_->receive(test::bytes_of(piece), bench_.clock.now());
    }
  }
  void flush(std::size_t most = 1U << 20U) {
    std::ignore = session_->produce(out_, kHigh, bench_.clock.now());
    while (!out_.empty() && most > 0) {
      const std::size_t size = out_.take(most).size();
      most -= size;
      session_->on_written(size, bench_.clock.now());
    }
  }
  std::uint32_t stream() {
    const std::uint32_t which = input_.byte();
    return which >= 250 ? which - 250 : 1 + 2 * (which % 6);
  }

  void operate() {
    switch (input_.byte() % 16) {
      case 0:
      case 1: callers_.start(*session_, input_); break;
      case 2:
      case 3: callers_.operate(input_); break;
      case 4:
      case 5:
      case 6: {
        const std::uint32_t id = stream();
        const fuzz::Fields fields = fuzz::response_fields(input_);
        send(fuzz::h2_headers(input_, id, fields));
        break;
      }
      case 7: {
        const std::uint32_t id = stream();
        const fuzz::Fields fields = fuzz::trailer_fields(input_);
        send(fuzz::h2_headers(input_, id, fields));
        break;
      }
      case 8:
      case 9: send(fuzz::h2_data(input_, stream())); break;
      case 10:
      case 11: send(fuzz::h2_control(input_, stream())); break;
      case 12: send(input_.text(input_.byte())); break;
      case 13: flush(std::size_t{16} << (input_.byte() % 16)); break;
      case 14: pass(std::chrono::milliseconds(100) * input_.byte()); break;
      default: {
        const unsigned how = input_.byte();
        if (how % 8 == 0) session_->drain();
        if (how % 8 == 1) session_->receive_end(bench_.clock.now());
        if (how % 8 > 1) flush();
      }
    }
  }
  void pass(Duration time) {
    bench_.clock.advance(time);
    const TimePoint now = bench_.clock.now();
    if (session_->deadline() <= now) session_->on_deadline(now);
  }

  void end() {
    for (int i = 0; i < 100; ++i) flush();
    // What waits for its own user waits for ever.
    callers_.let_go();
    for (int i = 0; i < 1000 && !over(); ++i) {
      require(session_->deadline() != kNever, "what is not over has a deadline");
      pass(std::max(Duration(0), session_->deadline() - bench_.clock.now()));
      flush();
    }
    require(over() && session_->idle() && session_->full(), "the connection ends");
    session_->abort(AbortReason::peer_gone);
    session_.reset();
    out_.clear();
    callers_.check_end();
    require(bench_.client_host.held.held() == 0, "the account of the connection is at zero");
    require(bench_.pool.outstanding() == 0, "no buffer is left");
  }

  Input input_;
  test::Bench bench_;
  OutputQueue out_{bench_.pool};
  fuzz::Callers callers_{bench_.pool, bench_.limits};
  std::unique_ptr<ClientByteSession> session_;
  std::size_t piece_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run(Input(data, size)).run();
  return 0;
}
