// A client of HTTP/2 that sends frames, right ones and wrong ones, in any order and in pieces,
// against the server session, with a handler that answers as the input says. Whatever comes: each
// stream carries one response at most and nothing after its end, each request has its summary, what
// waits for nothing ends in time, and nothing is left.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "fuzz/answers.h"
#include "fuzz/cases.h"
#include "fuzz/h2_writer.h"

namespace {

using namespace troika;
using fuzz::Input, fuzz::require;

// What a client would check of what the server sends.
class Reader {
 public:
  void look_at(const std::vector<h2::RawPeer::Frame>& frames) {
    for (; next_ < frames.size(); ++next_) look_at(frames[next_]);
  }

 private:
  enum class State : std::uint8_t { idle, head, content, ended, reset };

  void look_at(const h2::RawPeer::Frame& frame) {
    if (frame.type > h2::kHeaders && frame.type != h2::kRstStream) return;
    State& state = streams_[frame.stream];
    require(frame.stream % 2 == 1 && state != State::reset, "nothing comes after RST_STREAM");
    if (frame.type == h2::kRstStream) {
      state = State::reset;
      return;
    }
    require(state != State::ended, "nothing comes after END_STREAM");
    const bool end = (frame.flags & h2::kEndStream) != 0;
    if (frame.type == h2::kData) {
      require(state != State::idle, "content comes after the head");
      state = State::content;
    } else {
      require(state != State::content || end, "trailers are the end");
      state = State::head;
    }
    if (end) state = State::ended;
  }

  std::map<std::uint32_t, State> streams_;
  std::size_t next_ = 0;
};

class Run {
 public:
  explicit Run(Input input) : input_(input) {}

  void run() {
    const unsigned shape = input_.byte();
    peer_.handler.tunnels = (shape & 1U) != 0;
    peer_.peer.security.handshaking = (shape & 2U) != 0;
    if ((shape & 4U) != 0) peer_.limits.concurrent_streams = 3;
    if ((shape & 8U) != 0) peer_.limits.h2_outbound_frames = 20;
    if ((shape & 16U) != 0) peer_.limits.connection_memory = 20'000;
    piece_ = (shape & 32U) != 0 ? 7 : 1U << 20U;
    if ((shape & 64U) != 0) peer_.high = 20'000;
    send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + fuzz::h2_settings(input_));
    while (!input_.empty() && !over()) {
      operate();
      require(peer_.queued() <= peer_.high + 70'000, "output is bounded");
      reader_.look_at(peer_.frames);
    }
    end();
  }

 private:
  bool over() const { return peer_.server->interest().finished; }
  void send(const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += piece_) {
      std::ignore = peer_.send(std::string_view(bytes).substr(at, piece_));
    }
  }
  // Mostly one that was opened.
  std::uint32_t stream() {
    const std::uint32_t which = input_.byte();
    return which >= 250 ? which : 1 + 2 * (which % std::max(1U, (next_ + 1) / 2));
  }

  void operate() {
    switch (input_.byte() % 16) {
      case 0:
      case 1:
      case 2: {
        next_ += input_.byte() >= 240 ? 4U : 2U;
        const fuzz::Fields fields = fuzz::request_fields(input_);
        send(fuzz::h2_headers(input_, next_ - 2, fields));
        break;
      }
      case 3: {
        const std::uint32_t id = stream();
        const fuzz::Fields fields = fuzz::trailer_fields(input_);
        send(fuzz::h2_headers(input_, id, fields));
        break;
      }
      case 4:
      case 5: send(fuzz::h2_data(input_, stream())); break;
      case 6:
      case 7: send(fuzz::h2_control(input_, stream())); break;
      case 8: {
        const std::uint32_t id = input_.byte() % 2 == 0 ? 0 : stream();
        send(h2::frame(h2::kWindowUpdate, 0, id, h2::u32(input_.byte() * 257U)));
        break;
      }
      case 9: send(input_.text(input_.byte())); break;
      case 10: std::ignore = peer_.produce_only(); break;
      case 11: peer_.take(); break;
      case 12: std::ignore = peer_.flush(); break;
      case 13: pass(std::chrono::milliseconds(100) * input_.byte()); break;
      case 14: answers_.operate(input_); break;
      default: turn(input_.byte()); break;
    }
  }
  void turn(unsigned how) {
    if (how % 8 == 0) peer_.server->drain();
    if (how % 8 == 1) peer_.server->receive_end(peer_.clock.now());
    if (how % 8 > 1) end_handshake();
  }
  void end_handshake() {
    if (std::exchange(peer_.peer.security.handshaking, false)) {
      peer_.server->on_handshake_done(peer_.clock.now());
    }
  }
  void pass(Duration time) {
    peer_.clock.advance(time);
    const TimePoint now = peer_.clock.now();
    if (peer_.server->deadline() <= now) peer_.server->on_deadline(now);
  }

  void end() {
    end_handshake();  // the transport has a deadline for it
    for (std::size_t i = 0; i <= fuzz::kMostSteps; ++i) {
      answers_.release();
      peer_.settle();
    }
    reader_.look_at(peer_.frames);
    // Nothing more comes from the client or of the handler: every wait has its end.
    for (int i = 0; i < 1000 && !over(); ++i) {
      require(peer_.server->deadline() != kNever, "what is not over has a deadline");
      pass(std::max(Duration(0), peer_.server->deadline() - peer_.clock.now()));
      peer_.settle();
    }
    require(over(), "the connection ends");
    reader_.look_at(peer_.frames);
    peer_.server->abort(AbortReason::peer_gone);
    require(peer_.observer.entries.size() >= static_cast<std::size_t>(peer_.handler.started));
    peer_.server.reset();
    answers_.check_end();
    require(peer_.host.held.held() == 0, "the account of the connection is at zero");
    require(peer_.pool.outstanding() == 0, "no buffer is left");
  }

  Input input_;
  h2::RawPeer peer_;
  fuzz::Answers answers_{peer_.handler, peer_.pool};
  Reader reader_;
  std::size_t piece_ = 0;
  std::uint32_t next_ = 1;  // the id of the next request
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run(Input(data, size)).run();
  return 0;
}
