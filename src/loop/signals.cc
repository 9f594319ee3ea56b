#include "loop/signals.h"

#include <unistd.h>
#include <uv.h>

#include <algorithm>

#include "os/caught_signals.h"

namespace troika {
namespace {

constexpr Duration kSecondLook = std::chrono::seconds(1);

}  // namespace

Signals::Signals(Loop& loop, OnWish on_wish)
    : loop_(loop),
      on_wish_(std::move(on_wish)),
      told_(stops_caught()),
      poll_(make_own_poll(loop, descriptor_of_caught(), this)),
      second_look_(loop.timers(), [this] {
        if (terminal_is_gone()) count_hangup_as_stop();
        look_for_stop();
      }) {
  must(uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) noexcept {
    static_cast<Signals*>(handle->data)->on_caught();
  }));
}

void Signals::on_caught() {
  std::uint64_t count = 0;
  static_cast<void>(!read(descriptor_of_caught(), &count, sizeof count));
  const Caught caught = take_caught();
  const bool from_shell = caught.hangup == Hangup::of_shell;
  const bool ended = from_shell ? terminal_is_gone() : caught.hangup == Hangup::of_terminal;
  if (ended) count_hangup_as_stop();
  if (from_shell && !ended) second_look_.set(loop_.clock().now() + kSecondLook);
  if (caught.reopen || (from_shell && !ended)) on_wish_(Wish::reopen_logs);
  look_for_stop();
}

void Signals::look_for_stop() {
  for (const unsigned now = std::min(stops_caught(), 2U); told_ < now;) {
    on_wish_(++told_ == 1 ? Wish::stop : Wish::stop_at_once);
  }
}

}  // namespace troika
