#include "runtime/worker.h"

#include <malloc.h>

#include <algorithm>

#include "base/text.h"
#include "handlers/redirect/redirect.h"
#include "loop/udp_socket.h"
#include "os/writer_thread.h"
#include "ports/transport.h"
#include "proto/h3/session.h"

namespace troika {
namespace {

// What HTTP allows a client is the same whatever carries it.
quic::EndpointConfig endpoint_config(const WorkerConfig& config, quic::QlogSource* qlog,
                                     quic::HandshakeObserver& handshakes, Account& account,
                                     BlockPool& blocks) {
  quic::EndpointConfig quic = config.quic;
  quic.account = &account;
  quic.blocks = &blocks;
  quic.handshakes = &handshakes;
  quic.qlog = qlog;
  quic.streams_bidi = config.limits.concurrent_streams;
  quic.stream_window = config.limits.h3_stream_window;
  quic.connection_window = config.limits.connection_window;
  return quic;
}

// Of each worker. Compression uses all CPU that it gets, so more threads than cores are wasted.
constexpr unsigned coding_tasks(unsigned workers) noexcept { return workers > 2 ? 1 : 3; }
constexpr unsigned kSlowTasks = 1;
// In one turn: from a client to a job, to an origin, and back to the client.
constexpr int kFlushRounds = 4;
constexpr Duration kMemoryLook = std::chrono::milliseconds(100);  // between two of them
constexpr unsigned kHashingTasks = 1;

class TrimTask final : public Background::Task {
  void work() noexcept override { malloc_trim(0); }
  void finish() override {}
};

}  // namespace

unsigned background_threads(unsigned workers) noexcept {
  return workers * (coding_tasks(workers) + kSlowTasks + kHashingTasks);
}

bool CoveredAuthorities::covers(std::string_view server_name, std::string_view host) const {
  return context_->certificates().covers(server_name, host);
}

std::vector<std::string> CoveredAuthorities::covered(std::string_view server_name) const {
  std::vector<std::string> names;
  for (const tls::Identity* identity : context_->certificates().choose(server_name)) {
    for (const std::string& name : identity->names) {
      if (!std::ranges::contains(names, name)) names.push_back(name);
    }
  }
  return names;
}

// All UDP sockets and their QUIC connections: a connection may move from one of our addresses to
// another.
struct Worker::Quic final : quic::HandshakeObserver {
  explicit Quic(Worker& worker)
      : qlog(choose_logs(worker)),
        sockets(
            worker.loop_, {},
            [this](const Datagram& datagram, TimePoint now) { endpoint.receive(datagram, now); },
            [this] { endpoint.on_writable(); }),
        handshakes(worker.handshakes_),
        endpoint(endpoint_config(worker.config_, qlog.get(), *this, worker.account_,
                                 worker.pool_.blocks()),
                 worker.loop_.clock(), worker.random_, sockets, *worker.config_.tls_quic,
                 {h3::traits(worker.config_.limits,
                             worker.services_.snapshot->handler().takes_tunnels()),
                  [&worker](quic::QuicStreams& quic) {
                    return h3::make_session(worker.services_, quic);
                  }}),
        timer(worker.loop_.timers(),
              [this, &worker] { endpoint.on_deadline(worker.loop_.clock().now()); }) {
    if (worker.config_.forward) endpoint.set_forward(worker.config_.forward);
  }

  static std::unique_ptr<quic::QlogSource> choose_logs(Worker& worker) {
    return worker.config_.make_qlog ? worker.config_.make_qlog(worker.random_) : nullptr;
  }

  void on_handshake_failed(const Address& client, std::string_view why) noexcept override {
    ++failed;
    handshakes.failed("QUIC", client, why);
  }

  const std::unique_ptr<quic::QlogSource> qlog;  // null: there are no logs
  UdpSockets sockets;
  HandshakeNotices& handshakes;
  std::uint64_t failed = 0;  // handshakes
  quic::Endpoint endpoint;
  Timer timer;
};

Worker::Worker(WorkerConfig config)
    : config_(std::move(config)),
      places_(config_.limits.connections),
      coding_(loop_, coding_tasks(config_.quic.workers)),
      slow_(loop_, kSlowTasks),
      hashing_(loop_, kHashingTasks),
      authorities_(config_.tls_tcp.get()),
      observers_(observers()),
      services_(services(&authorities_, this)),
      plain_services_(services(nullptr, this)),
      redirect_services_(services(nullptr, nullptr)),
      plain_on_tls_services_(services(&authorities_, nullptr)),
      handshakes_(config_.limits.handshake_notices, loop_.clock(), loop_.timers(),
                  [this](const std::string& line) { notice(line); }),
      listeners_(
          loop_,
          [this](std::unique_ptr<TcpStream> stream, const ListenerTerms& terms) {
            accept(std::move(stream), terms);
          },
          [this](std::uint64_t pauses) { starved(pauses); }),
      retired_timer_(loop_.timers(), [this] { end_retired(); }),
      drain_timer_(loop_.timers(), [this] { drain_deadline(); }),
      spare_memory_(loop_.timers(), loop_.turn_clock(),
                    config_.trims != nullptr ? *config_.trims : own_trims_,
                    [this] { slow_.post(std::make_unique<TrimTask>()); }),
      memory_timer_(loop_.timers(), [this] { balance_memory(); }) {
  if (config_.memory != nullptr) memory_.emplace(*config_.memory);
  use(config_.snapshot);
  loop_.set_flush([this](TimePoint) { return flush(); });
  listen(std::move(config_.sockets));
}

Services Worker::services(const AuthorityCheck* authority, FlushQueue* flush) {
  return {.pool = pool_,
          .clock = loop_.turn_clock(),
          .limits = config_.limits,
          .timeouts = config_.timeouts,
          .snapshot = {},
          .observer = observers_,
          .authority = authority,
          .flush = flush,
          .account = &account_};
}

std::vector<ExchangeObserver*> Worker::observers() {
  std::vector<ExchangeObserver*> all = config_.observers;
  all.push_back(&requests_);
  if (config_.access_log != nullptr) {
    all.push_back(&access_log_.emplace(*config_.access_log, loop_.timers(), loop_.turn_clock()));
  }
  return all;
}

Worker::~Worker() {
  listeners_.clear();
  quic_.reset();
  connections_.clear();
  for (Services* const each :
       {&services_, &plain_services_, &redirect_services_, &plain_on_tls_services_}) {
    each->snapshot = {};
  }
  loop_.deferred().run();
}

void Worker::listen(WorkerSockets sockets) {
  std::vector<Fd> udp = std::move(sockets.preferred_udp);
  for (WorkerSockets::Secure& secure : sockets.secure) {
    udp.push_back(std::move(secure.udp));
    listeners_.add(std::move(secure.tcp), {ListenerTerms::Kind::secure, secure.alt_svc});
  }
  for (WorkerSockets::Plain& plain : sockets.plain) {
    using Kind = ListenerTerms::Kind;
    listeners_.add(std::move(plain.tcp), {plain.redirect ? Kind::redirect : Kind::plain});
  }
  if (!udp.empty() && !quic_) quic_ = std::make_unique<Quic>(*this);
  for (Fd& socket : udp) quic_->sockets.add(std::move(socket));
}

void Worker::use(ListenerChange change) {
  if (draining_) return;
  for (const Address& address : change.removed) retire(address);
  for (const auto& [address, terms] : change.kept) listeners_.change(address, terms);
  listen(std::move(change.added));
}

void Worker::retire(const Address& address) {
  listeners_.remove(address);
  // retire() may finish a connection at once and remove it from the list.
  for (auto i = connections_.begin(); i != connections_.end();) {
    Connection& connection = **i++;
    if (address.covers(connection.local())) connection.retire();
  }
  if (quic_) quic_->endpoint.retire(address);
  retired_.push_back({address, loop_.clock().now() + config_.timeouts.drain});
  retired_timer_.set(retired_.front().ends);
}

void Worker::end_retired() {
  const TimePoint now = loop_.clock().now();
  for (; !retired_.empty() && retired_.front().ends <= now; retired_.erase(retired_.begin())) {
    const Address address = retired_.front().address;
    for (auto i = connections_.begin(); i != connections_.end();) {
      Connection& connection = **i++;
      if (address.covers(connection.local())) connection.abort();
    }
    if (!quic_) continue;
    quic_->endpoint.forget(address, now);
    quic_->sockets.remove(address);
  }
  if (!retired_.empty()) retired_timer_.set(retired_.front().ends);
}

void Worker::accept(std::unique_ptr<ByteStream> stream, const ListenerTerms& terms) {
  const bool secure = terms.kind == ListenerTerms::Kind::secure;
  Services& services = secure                                        ? services_
                       : terms.kind == ListenerTerms::Kind::redirect ? redirect_services_
                                                                     : plain_services_;
  if (!places_.admit(stream->remote())) {
    ++refused_;
    return;
  }
  ++accepted_;
  std::unique_ptr<Transport> transport;
  if (secure) {
    transport = tls::make_tls_transport(std::move(stream), config_.tls_tcp->new_ssl(), scratch_);
  } else {
    transport = std::make_unique<PlainTransport>(std::move(stream));
  }
  ConnectionOwner& owner = *this;
  auto connection =
      std::make_unique<Connection>(std::move(transport), terms.alt_svc, services, loop_.timers(),
                                   places_, owner, secure ? &plain_on_tls_services_ : nullptr);
  Connection& added = *connection;
  added.at = connections_.insert(connections_.end(), std::move(connection));
  added.start();
}

void Worker::receive(const Datagram& datagram) {
  quic_->endpoint.receive(datagram, loop_.clock().now());
}

void Worker::use_certificates(const tls::CertificateSet::Ptr& certificates) {
  config_.tls_tcp->use(certificates);
  config_.tls_quic->use(certificates);
}

void Worker::use(const SnapshotSource& source) {
  Site site = source.make_site({loop_, pool_, coding_, slow_, hashing_});
  Handler& redirect = site.redirect != nullptr ? *site.redirect : *site.handler;
  services_.snapshot = plain_services_.snapshot =
      make_snapshot(std::move(site), source.timeouts, loop_.deferred());
  redirect_services_.snapshot = share_snapshot(redirect, services_.snapshot);
  plain_on_tls_services_.snapshot =
      make_snapshot({.handler = std::make_unique<PlainOnTlsHandler>(source.https_port)},
                    source.timeouts, loop_.deferred());
}

bool Worker::flush() {
  bool quic_more = false;
  // What one brings may have to leave through another, as a job's response does.
  for (int round = 0; round < kFlushRounds && (round == 0 || !dirty_.empty()); ++round) {
    dirty_.run([this](Flushable& work) {
      // Its budget of this turn is used up, whatever asks for it meanwhile.
      if (std::ranges::contains(again_, &work)) return false;
      // The time is read again: a TLS handshake takes more than a millisecond of the flush.
      if (work.flush(loop_.turn_clock().refresh())) again_.push_back(&work);
      return false;
    });
    if (quic_) quic_more = quic_->endpoint.flush(loop_.turn_clock().now());
  }
  for (Flushable* const work : std::exchange(again_, {})) dirty_.add(*work);
  if (memory_) balance_memory();
  const bool more = quic_more || !dirty_.empty();
  if (quic_) quic_->timer.set(quic_->endpoint.deadline());
  spare_memory_.look(connections_.size() + (quic_ ? quic_->endpoint.objects() : 0));
  tcp_shown_.store(connections_.size(), std::memory_order_relaxed);
  if (quic_) quic_shown_.store(quic_->endpoint.connections(), std::memory_order_relaxed);
  if (draining_ && connections() == 0) loop_.stop();
  return more;
}

// Where memory is not ample, it is looked at again without waiting for a turn: another worker may
// have got back what was needed.
void Worker::balance_memory() {
  using enum MemoryBudget::State;
  memory_->report(account_.held());
  const MemoryBudget::State before = std::exchange(memory_state_, memory_->state());
  if (memory_state_ == ample && before == ample) return;
  if (before != memory_state_) on_scarce_memory(before, memory_state_);
  const TimePoint now = loop_.clock().now();
  if (memory_timer_.deadline() != kNever && now < memory_timer_.deadline()) return;
  memory_timer_.set(memory_state_ == ample ? kNever : now + kMemoryLook);
  const std::size_t excess = memory_->excess();
  if (excess == 0) return;
  std::vector<MemoryHolder*> holders;
  for (const auto& connection : connections_) holders.push_back(connection.get());
  if (quic_) quic_->endpoint.add_holders(holders);
  shed_ += troika::shed(std::move(holders), excess, now);
}

void Worker::on_scarce_memory(MemoryBudget::State before, MemoryBudget::State now) {
  using enum MemoryBudget::State;
  for (Services* const each :
       {&services_, &plain_services_, &redirect_services_, &plain_on_tls_services_}) {
    each->overloaded = now != ample;
  }
  if ((before == spent) == (now == spent)) return;
  listeners_.set_accepting(now != spent);
  if (quic_) quic_->endpoint.set_accepting(now != spent);
  if (config_.quic.worker != 0) return;  // one of them says it
  notice(now == spent
             ? formatted("connections hold more than {} MiB (--memory): new ones wait, and those "
                         "that hold the most are closed",
                         config_.memory->most() >> 20U)
             : formatted("memory is free again; {} connections were closed so far", shed_));
}

WorkerCounts Worker::counts() const {
  WorkerCounts counts{.worker = config_.quic.worker,
                      .requests = requests_.counts(),
                      .tcp_accepted = accepted_,
                      .tcp_refused = refused_,
                      .shed = shed_,
                      .failed_handshakes = failed_handshakes_,
                      .held = account_.held()};
  if (quic_) {
    counts.quic = quic_->endpoint.counters();
    counts.failed_handshakes += quic_->failed;
  }
  for (const Services* const each :
       {&services_, &plain_services_, &redirect_services_, &plain_on_tls_services_}) {
    counts.misconduct += each->misconduct;
  }
  return counts;
}

const quic::EndpointCounters& Worker::quic() const { return quic_->endpoint.counters(); }

void Worker::drain() {
  draining_ = true;
  listeners_.clear();
  // drain() may finish a connection at once and remove it from the list.
  for (auto i = connections_.begin(); i != connections_.end();) (*i++)->drain();
  if (quic_) quic_->endpoint.drain();
  drain_timer_.set(loop_.clock().now() + config_.timeouts.drain);
}

void Worker::drain_deadline() {
  for (auto i = connections_.begin(); i != connections_.end();) (*i++)->abort();
  if (quic_) quic_->endpoint.close_all(loop_.clock().now());
}

void Worker::starved(std::uint64_t pauses) {
  notice(
      formatted("out of file descriptors or memory, accepting is paused ({} times so far); "
                "raise the limit with ulimit -n",
                pauses));
}

void Worker::notice(const std::string& line) {
  if (config_.notices != nullptr) config_.notices->line("troika: " + line);
}

void Worker::on_handshake_failed(const Address& client, std::string_view why) noexcept {
  ++failed_handshakes_;
  handshakes_.failed("TLS", client, why);
}

std::size_t Worker::connections() const noexcept {
  return connections_.size() + (quic_ ? quic_->endpoint.connections() : 0);
}

void Worker::remove(Flushable& work) noexcept {
  dirty_.remove(work);
  std::erase(again_, &work);
}

void Worker::on_done(Connection& connection) noexcept {
  remove(connection);
  const auto at = connection.at;
  loop_.deferred().later(std::move(*at));
  connections_.erase(at);
}

}  // namespace troika
