#include "runtime/listeners.h"

#include <algorithm>

namespace troika {

void Listeners::add(Fd socket, ListenerTerms terms) {
  auto added = std::make_unique<One>(std::move(terms), nullptr);
  added->listener = std::make_unique<TcpListener>(
      loop_, std::move(socket),
      [this, &terms = added->terms](std::unique_ptr<TcpStream> stream) {
        on_accept_(std::move(stream), terms);
      },
      [this](std::uint64_t pauses) { on_starved_(pauses); });
  added->listener->set_accepting(accepts_);
  all_.push_back(std::move(added));
}

void Listeners::change(const Address& address, const ListenerTerms& terms) {
  for (const auto& one : all_) {
    if (one->listener->local() == address) one->terms = terms;
  }
}

void Listeners::remove(const Address& address) {
  std::erase_if(all_, [&](const auto& one) { return one->listener->local() == address; });
}

void Listeners::set_accepting(bool accepts) {
  accepts_ = accepts;
  for (const auto& one : all_) one->listener->set_accepting(accepts);
}

}  // namespace troika
