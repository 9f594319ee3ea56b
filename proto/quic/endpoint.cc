#include "proto/quic/endpoint.h"

#include <algorithm>
#include <utility>

#include "proto/quic/endpoint_impl.h"
#include "proto/quic/segments.h"

namespace troika::quic {

Endpoint::Impl::Impl(EndpointConfig config, const Clock& clock, Random& random, DatagramSink& sink,
                     const tls::ServerContext& tls, ApplicationFactory application)
    : config_(config),
      clock_(clock),
      random_(random),
      tls_(tls),
      make_application_(std::move(application)),
      outbox_(sink, Outbox::kMostBytes),
      id_factory_(config_, random_),
      tokens_(config_, clock_),
      answers_(config_, random_, id_factory_),
      ids_(random_),
      shared_{config_, random_, outbox_, id_factory_,      tokens_,
              timers_, *this,   tls_,    make_application_} {}

// A GRO buffer may hold packets of several connections, so each segment is looked up.
void Endpoint::Impl::receive(const Datagram& datagram, TimePoint now) {
  for_each_segment(datagram, [&](const Datagram& packet) {
    ++counters_.datagrams_in;
    if (!dispatch(packet, now)) ++counters_.datagrams_dropped;
  });
}

void Endpoint::Impl::connection_dirty(Connection& connection) noexcept {
  if (!std::exchange(connection.queued, true)) dirty_.push_back(&connection);
}

bool Endpoint::Impl::flush(TimePoint now) {
  if (outbox_.blocked()) return false;
  answers_.flush(outbox_);
  const std::vector<Connection*> batch = std::exchange(dirty_, {});
  for (Connection* const connection : batch) {
    connection->queued = false;
    if (outbox_.blocked()) {
      connection_dirty(*connection);
      continue;
    }
    // A handshake takes a millisecond or more: its time is not to be the next one's round trip.
    if (connection->flush(std::max(now, clock_.now()))) connection_dirty(*connection);
    connection->settle();
    if (connection->phase() == Core::Phase::dead) free_connection(*connection);
  }
  return !outbox_.blocked() && (!dirty_.empty() || !answers_.empty());
}

void Endpoint::Impl::free_connection(Connection& connection) noexcept {
  if (connection.queued) std::erase(dirty_, &connection);
  const std::size_t place = connection.place;
  std::swap(connections_[place], connections_.back());
  connections_[place]->place = place;
  connections_.pop_back();
}

void Endpoint::Impl::drain() {
  draining_ = true;
  for (const auto& connection : connections_) connection->drain();
}

void Endpoint::Impl::close_all(TimePoint now) {
  draining_ = true;
  for (const auto& connection : connections_) connection->close(kNoError);
  flush(now);
}

std::size_t Endpoint::Impl::connections() const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(connections_, [](const auto& each) { return each->alive(); }));
}

const EndpointCounters& Endpoint::Impl::counters() const noexcept {
  counters_.packets_out = outbox_.packets();
  counters_.sends = outbox_.sends();
  return counters_;
}

Endpoint::Endpoint(EndpointConfig config, const Clock& clock, Random& random, DatagramSink& sink,
                   const tls::ServerContext& tls, ApplicationFactory application)
    : impl_(std::make_unique<Impl>(config, clock, random, sink, tls, std::move(application))) {}
Endpoint::~Endpoint() = default;

void Endpoint::set_forward(Forward forward) { impl_->set_forward(std::move(forward)); }
void Endpoint::receive(const Datagram& datagram, TimePoint now) { impl_->receive(datagram, now); }
bool Endpoint::flush(TimePoint now) { return impl_->flush(now); }
void Endpoint::on_writable() { impl_->on_writable(); }
TimePoint Endpoint::deadline() const noexcept { return impl_->deadline(); }
void Endpoint::on_deadline(TimePoint now) { impl_->on_deadline(now); }
void Endpoint::drain() { impl_->drain(); }
void Endpoint::close_all(TimePoint now) { impl_->close_all(now); }
std::size_t Endpoint::connections() const noexcept { return impl_->connections(); }
std::size_t Endpoint::objects() const noexcept { return impl_->objects(); }
const EndpointCounters& Endpoint::counters() const noexcept { return impl_->counters(); }

}  // namespace troika::quic
