#include "runtime/worker_group.h"

#include <future>
#include <mutex>
#include <utility>

namespace troika {

WorkerGroup::WorkerGroup(std::vector<WorkerConfig> configs,
                         std::move_only_function<void()> all_ended)
    : running_(configs.size()), all_ended_(std::move(all_ended)) {
  for (WorkerConfig& config : configs) {
    config.forward = [this](unsigned to, const Datagram& datagram) {
      return forward(to, datagram);
    };
    config.trims = &trims_;
    auto member = std::make_unique<Member>();
    member->worker = std::make_unique<Worker>(std::move(config));
    members_.push_back(std::move(member));
  }
  // From now on they may use each other.
  try {
    for (const auto& member : members_) {
      member->thread = std::thread([this, &member = *member] { run(member); });
    }
  } catch (...) {
    end();
    throw;
  }
}

WorkerGroup::~WorkerGroup() { end(); }

void WorkerGroup::end() {
  stop();
  for (const auto& member : members_) {
    if (member->thread.joinable()) member->thread.join();
  }
}

void WorkerGroup::run(Member& member) {
  member.worker->run();
  member.ended = true;
  if (--running_ == 0) all_ended_();
}

void WorkerGroup::drain() {
  for (const auto& member : members_) {
    member->worker->loop().post([&worker = *member->worker] { worker.drain(); });
  }
}

void WorkerGroup::stop() {
  for (const auto& member : members_) {
    member->worker->loop().post([&worker = *member->worker] { worker.stop(); });
  }
}

ConnectionCounts WorkerGroup::connections() const noexcept {
  ConnectionCounts all;
  for (const auto& member : members_) {
    const ConnectionCounts its = member->worker->connections_shown();
    all.tcp += its.tcp;
    all.quic += its.quic;
  }
  return all;
}

void WorkerGroup::use_certificates(const tls::CertificateSet& certificates) {
  for (const auto& member : members_) {
    member->worker->loop().post(
        [&worker = *member->worker, copy = certificates.copy()] { worker.use_certificates(copy); });
  }
}

void WorkerGroup::use(const SnapshotSource& source) {
  for (const auto& member : members_) {
    member->worker->loop().post([&worker = *member->worker, source] { worker.use(source); });
  }
}

void WorkerGroup::use(std::vector<ListenerChange> changes) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Worker& worker = *members_.at(i)->worker;
    worker.loop().post(
        [&worker, change = std::move(changes[i])]() mutable { worker.use(std::move(change)); });
  }
}

void WorkerGroup::count(Counted done) {
  struct Gathered {
    std::mutex mutex;
    std::vector<WorkerCounts> counts{};
    std::size_t missing = 0;
    Counted done{};
  };
  std::vector<Member*> asked;
  for (const auto& member : members_) {
    if (!member->ended) asked.push_back(member.get());
  }
  if (asked.empty()) return done({});
  const auto gathered = std::make_shared<Gathered>();
  gathered->missing = asked.size();
  gathered->done = std::move(done);
  for (Member* const member : asked) {
    member->worker->loop().post([gathered, &worker = *member->worker] {
      std::unique_lock lock(gathered->mutex);
      gathered->counts.push_back(worker.counts());
      if (--gathered->missing != 0) return;
      lock.unlock();
      gathered->done(std::move(gathered->counts));
    });
  }
}

void WorkerGroup::ask(const std::function<void(Worker&)>& task) {
  for (const auto& member : members_) {
    auto done = std::make_shared<std::promise<void>>();
    auto answered = done->get_future();
    member->worker->loop().post([&task, done, &worker = *member->worker] {
      task(worker);
      done->set_value();
    });
    while (answered.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) {
      if (member->ended) break;
    }
  }
}

bool WorkerGroup::forward(unsigned to, const Datagram& datagram) {
  Member& member = *members_.at(to);
  if (member.forwarded.fetch_add(1) >= kMostForwarded) {
    --member.forwarded;
    return false;
  }
  std::vector<std::byte> bytes(datagram.bytes.begin(), datagram.bytes.end());
  member.worker->loop().post([&member, bytes = std::move(bytes), local = datagram.local,
                              remote = datagram.remote, ecn = datagram.ecn] {
    --member.forwarded;
    member.worker->receive(
        {.local = local, .remote = remote, .ecn = ecn, .bytes = std::span(bytes)});
  });
  return true;
}

}  // namespace troika
