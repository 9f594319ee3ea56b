#include "uv/signals.h"

#include <uv.h>

#include <csignal>

namespace troika {

Signals::Signals(Loop& loop, OnSignal on_signal) : on_signal_(std::move(on_signal)) {
  constexpr std::array kSignals{SIGINT, SIGTERM};
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    auto handle = std::make_unique<uv_signal_t>();
    must(uv_signal_init(loop.raw(), handle.get()));
    handle->data = this;
    handles_[i].reset(handle.release());
    must(uv_signal_start(
        handles_[i].get(),
        [](uv_signal_t* raised, int signal) noexcept {
          auto& self = *static_cast<Signals*>(raised->data);
          self.on_signal_(signal, ++self.count_);
        },
        kSignals[i]));
  }
}

void ignore_sigpipe() noexcept { std::signal(SIGPIPE, SIG_IGN); }

void ignore_sigxfsz() noexcept { std::signal(SIGXFSZ, SIG_IGN); }

}  // namespace troika
