// A client of HTTP/3 that sends frames, right ones and wrong ones, in any order, against the server
// session, with a handler that answers as the input says; streams are stopped and reset, credit and
// acknowledgements come late, time passes. Whatever comes: each stream carries one response at
// most, each request has its summary, what waits for nothing ends in time, and nothing is left.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fuzz/answers.h"
#include "fuzz/cases.h"
#include "fuzz/h3_peer.h"
#include "fuzz/h3_writer.h"
#include "proto/h3/session.h"

namespace {

using namespace troika;
using fuzz::Input, fuzz::require;

std::uint64_t take_varint(std::string_view& text) {
  if (text.empty()) return 0;
  const unsigned size = 1U << (static_cast<unsigned char>(text[0]) >> 6U);
  std::uint64_t value = static_cast<unsigned char>(text[0]) & 0x3fU;
  for (unsigned i = 1; i < size && i < text.size(); ++i) {
    value = value << 8U | static_cast<unsigned char>(text[i]);
  }
  text.remove_prefix(std::min<std::size_t>(size, text.size()));
  return value;
}

// HEADERS, DATA, and HEADERS once more for trailers; all 1xx come before (RFC 9114 §4.1).
void check_response(std::string_view sent, bool whole) {
  bool content = false, ended = false;
  std::size_t heads = 0;
  while (!sent.empty()) {
    const std::uint64_t type = take_varint(sent), size = take_varint(sent);
    require(type == 0 || type == 1, "a response has HEADERS and DATA alone");
    require(!ended, "trailers are the end");
    if (type == 0) require(heads > 0, "content comes after the head");
    content = content || type == 0;
    heads += type == 1 ? 1U : 0U;
    ended = type == 1 && content;
    require(!whole || size <= sent.size(), "the last frame is whole");
    sent.remove_prefix(std::min<std::size_t>(size, sent.size()));
  }
  require(!whole || heads > 0, "a stream does not end without a response");
}

class Run {
 public:
  explicit Run(Input input) : input_(input) {}

  void run() {
    const unsigned shape = input_.byte();
    bench_.handler.tunnels = (shape & 1U) != 0;
    bench_.limits.retained_bytes = (shape & 2U) != 0 ? 5'000 : 100'000;
    if ((shape & 4U) != 0) bench_.limits.connection_memory = 20'000;
    if ((shape & 8U) != 0) bench_.limits.qpack_blocked_streams = 10;
    app_ = h3::make_session(bench_.services, peer_.quic());
    if ((shape & 16U) != 0) {
      peer_.quic().start_early(*app_);
    } else {
      peer_.quic().start(*app_, now());
    }
    if ((shape & 32U) == 0) peer_.send(2, std::string(1, '\0') + test::frame(4, ""), false);
    while (!input_.empty() && peer_.quic().alive()) operate();
    end();
  }

 private:
  TimePoint now() const { return bench_.clock.now(); }

  void operate() {
    const unsigned what = input_.byte() % 12;
    if (what < 8) {
      message(what);
    } else if (what == 8) {
      pass(std::chrono::milliseconds(100) * input_.byte());
    } else if (what == 9) {
      answers_.operate(input_);
    } else if (what == 10) {
      const unsigned how = input_.byte();
      if (how % 8 == 0) app_->drain();
      if (how % 8 > 0) end_handshake();
    } else {
      peer_.operate(input_);
    }
  }
  // A byte of the input says where, and whether it is the last of its stream.
  void message(unsigned what) {
    const unsigned where = input_.byte();
    const bool fin = where >= 128;
    const quic::StreamId request = 4 * static_cast<quic::StreamId>(where % 8);
    const quic::StreamId uni = 4 * static_cast<quic::StreamId>(where % 4) + 2;
    switch (what) {
      case 0:
      case 1: {
        const fuzz::Fields fields = fuzz::request_fields(input_);
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
      case 5: peer_.send(uni, fuzz::h3_stream_type(input_), fin); break;
      case 6: peer_.send(uni, fuzz::qpack_instruction(input_), fin); break;
      default: peer_.send(where % 2 == 0 ? uni : request, input_.text(input_.byte()), fin);
    }
  }
  void pass(Duration time) {
    bench_.clock.advance(time);
    if (peer_.quic().alive() && app_->deadline() <= now()) app_->on_deadline(now());
  }

  void end_handshake() {
    const bool waits = peer_.quic().alive() && peer_.quic().security().handshaking;
    if (waits) peer_.quic().end_handshake(now());
  }

  void end() {
    end_handshake();  // QUIC has a deadline for it
    for (std::size_t i = 0; i <= fuzz::kMostSteps; ++i) {
      answers_.release();
      peer_.settle();
    }
    // QUIC's own idle timeout ends a connection without requests; those have their ends by now.
    for (int i = 0; i < 1000 && peer_.quic().alive() && !app_->idle(); ++i) {
      require(app_->deadline() != kNever, "a request has a deadline");
      pass(std::max(Duration(0), app_->deadline() - now()));
      peer_.settle();
    }
    require(!peer_.quic().alive() || app_->idle(), "requests end");
    for (const auto& [id, stream] : peer_.quic().streams) {
      if (quic::is_bidi(id)) check_response(stream.sent, stream.fin_sent);
    }
    peer_.quic().lose();
    require(app_->idle() && app_->deadline() == kNever);
    require(bench_.observer.entries.size() >= static_cast<std::size_t>(bench_.handler.started));
    app_.reset();
    answers_.check_end();
    peer_.check_end();
    require(bench_.pool.outstanding() == 0, "no buffer is left");
  }

  Input input_;
  test::Bench bench_{"h3"};
  fuzz::H3Peer peer_{true, bench_.clock, {}};
  fuzz::Answers answers_{bench_.handler, bench_.pool};
  std::unique_ptr<quic::QuicApplication> app_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run(Input(data, size)).run();
  return 0;
}
