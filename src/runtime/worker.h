#pragma once
#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "admission/memory.h"
#include "admission/places.h"
#include "base/dirty_list.h"
#include "base/random.h"
#include "http/exchange/authority.h"
#include "http/exchange/observer.h"
#include "http/exchange/services.h"
#include "loop/background.h"
#include "loop/loop.h"
#include "proto/quic/endpoint.h"
#include "proto/quic/qlog.h"
#include "runtime/access_log.h"
#include "runtime/connection.h"
#include "runtime/handshake_notices.h"
#include "runtime/listeners.h"
#include "runtime/request_counts.h"
#include "runtime/site.h"
#include "runtime/spare_memory.h"
#include "tls/context/server_context.h"
#include "tls/transport/tls_transport.h"

namespace troika {

class WriterThread;

// The most threads of libuv's pool that `workers` workers keep busy with tasks of their sites.
unsigned background_threads(unsigned workers) noexcept;

// Checks against the certificates in use now.
class CoveredAuthorities final : public AuthorityCheck {
 public:
  // Null: there are no certificates, and nobody asks.
  explicit CoveredAuthorities(const tls::ServerContext* context) : context_(context) {}
  bool covers(std::string_view server_name, std::string_view host) const override;
  std::vector<std::string> covered(std::string_view server_name) const override;

 private:
  const tls::ServerContext* context_;
};

// Of one worker, bound: a member of the group of each address.
struct WorkerSockets {
  struct Secure {  // one --listen address
    Fd tcp, udp;
    std::string alt_svc;  // the field's value; empty: not announced
  };
  struct Plain {
    Fd tcp;
    bool redirect = false;
  };
  std::vector<Secure> secure;
  std::vector<Plain> plain;
  std::vector<Fd> preferred_udp;  // for the addresses that QUIC clients are asked to move to
};

// What a new configuration changes of the addresses that a worker listens on.
struct ListenerChange {
  WorkerSockets added{};
  // As they are bound. Their connections get GOAWAY and as long as a drain.
  std::vector<Address> removed{};
  std::vector<std::pair<Address, ListenerTerms>> kept{};  // what clients get there from then on
};

// What a worker has counted so far.
struct WorkerCounts {
  unsigned worker = 0;  // by its number
  RequestCounts requests{};
  std::uint64_t tcp_accepted = 0, tcp_refused = 0;
  std::uint64_t shed = 0;  // TCP and QUIC, for their memory
  std::uint64_t failed_handshakes = 0;
  Misconduct misconduct{};
  quic::EndpointCounters quic{};
  std::size_t held = 0;  // bytes of memory, now
};

struct ConnectionCounts {
  std::size_t tcp = 0, quic = 0;
  std::size_t all() const noexcept { return tcp + quic; }
};

// The parts and settings of a worker. Sockets are bound before any worker starts.
struct WorkerConfig {
  WorkerSockets sockets;
  SnapshotSource snapshot;  // the first one
  // Brings a datagram to another worker; empty: there is no other.
  std::function<bool(unsigned to, const Datagram& datagram)> forward;
  std::unique_ptr<tls::ServerContext> tls_tcp, tls_quic;
  // Names the worker and how many there are: its sockets are that member of their groups. What
  // HTTP/3 allows and who hears of it is put in when the worker is made.
  quic::EndpointConfig quic;
  Limits limits;
  Timeouts timeouts;
  // May be shared by workers, each of which calls them on its own thread; outlive the worker.
  std::vector<ExchangeObserver*> observers;
  WriterThread* access_log = nullptr;  // null: there is none
  WriterThread* notices = nullptr;     // lines for the operator
  // Makes the logs of this worker's QUIC connections; empty: no logs. Objects that it refers to
  // outlive the worker; the Random outlives its result.
  std::function<std::unique_ptr<quic::QlogSource>(Random&)> make_qlog;
  TrimPace* trims = nullptr;       // shared by the process; null: no other worker trims
  MemoryBudget* memory = nullptr;  // likewise; null: no limit. Outlives the worker
};

// One loop and everything that it serves. Workers share only what WorkerConfig points to.
// Everything is called on the thread that calls run().
class Worker final : private ConnectionOwner, private FlushQueue {
 public:
  explicit Worker(WorkerConfig config);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  Loop& loop() noexcept { return loop_; }
  void run() { loop_.run(); }  // until stop() or the end of a drain
  // Accepts no new connections and requests; run() returns when those in flight are done or were
  // aborted at the drain deadline.
  void drain();
  void stop() noexcept { loop_.stop(); }
  // Handles a datagram that another worker received.
  void receive(const Datagram& datagram);
  // For new handshakes; existing connections keep theirs.
  void use_certificates(const tls::CertificateSet::Ptr& certificates);
  // For requests whose head comes from then on, on any connection; those that run keep theirs. A
  // site is destroyed at the end of the turn in which its last exchange is.
  void use(const SnapshotSource& source);
  void use(ListenerChange change);

  const BufferPool& pool() const noexcept { return pool_; }
  const Account& account() const noexcept { return account_; }
  std::size_t connections() const noexcept;  // TCP and QUIC
  // As of the last turn; from any thread.
  ConnectionCounts connections_shown() const noexcept { return {tcp_shown_, quic_shown_}; }
  WorkerCounts counts() const;
  const quic::EndpointCounters& quic() const;
  std::uint64_t shed() const noexcept { return shed_; }        // TCP and QUIC, for their memory
  std::uint64_t refused() const noexcept { return refused_; }  // TCP, at the limit

 private:
  struct Quic;

  Services services(const AuthorityCheck* authority, FlushQueue* flush);
  std::vector<ExchangeObserver*> observers();  // with the access log, which it makes
  void listen(WorkerSockets sockets);
  void retire(const Address& address);
  void end_retired();
  void accept(std::unique_ptr<ByteStream> stream, const ListenerTerms& terms);
  bool flush();
  void balance_memory();
  void on_scarce_memory(MemoryBudget::State before, MemoryBudget::State now);
  void drain_deadline();
  void starved(std::uint64_t pauses);
  void on_dirty(Connection& connection) noexcept override { dirty_.add(connection); }
  void add(Flushable& work) noexcept override { dirty_.add(work); }
  void remove(Flushable& work) noexcept override;
  void on_done(Connection& connection) noexcept override;
  void on_handshake_failed(const Address& client, std::string_view why) noexcept override;
  void notice(const std::string& line);

  WorkerConfig config_;
  Account account_;  // of all connections
  Places places_;    // of connections over TCP
  BufferPool pool_;  // outlives the loop, whose thread pool jobs use it
  Loop loop_;
  SystemRandom random_;
  UvBackground coding_, slow_, hashing_;
  CoveredAuthorities authorities_;
  RequestCounter requests_;
  std::optional<AccessLog> access_log_;
  ExchangeObservers observers_;
  Services services_, plain_services_, redirect_services_, plain_on_tls_services_;
  HandshakeNotices handshakes_;
  tls::RecordScratch scratch_{loop_.clock()};
  std::list<std::unique_ptr<Connection>> connections_;
  DirtyList<Flushable> dirty_;
  std::vector<Flushable*> again_;  // have more to do, in the next turn
  Listeners listeners_;
  std::unique_ptr<Quic> quic_;  // null: no address for it
  struct Retired {
    Address address;
    TimePoint ends;  // its connections, if they are still there
  };
  std::vector<Retired> retired_;  // in the order of their ends
  Timer retired_timer_;
  Timer drain_timer_;
  TrimPace own_trims_;
  SpareMemory spare_memory_;
  std::optional<MemoryPart> memory_;  // none: no limit
  MemoryBudget::State memory_state_ = MemoryBudget::State::ample;
  Timer memory_timer_;
  std::uint64_t shed_ = 0;                    // connections, to get memory back
  std::uint64_t accepted_ = 0, refused_ = 0;  // over TCP
  std::uint64_t failed_handshakes_ = 0;
  std::atomic<std::size_t> tcp_shown_ = 0, quic_shown_ = 0;  // connections
  bool draining_ = false;
};

}  // namespace troika
