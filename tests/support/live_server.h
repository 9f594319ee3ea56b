#pragma once
// A worker on a thread of its own, listening on loopback, with a certificate from a folder of the
// test's own.
#include <filesystem>
#include <format>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "certs/dev_ca.h"
#include "loop/udp_socket.h"
#include "os/bind.h"
#include "runtime/worker.h"
#include "support/session_harness.h"
#include "tls/context/context.h"
#include "tls/context/server_context.h"

namespace troika::test {

// Removed at the end of the process.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "troika-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline const DevCertificate& test_certificate() {
  static const TemporaryFolder folder;
  static const DevCertificate certificate =
      *ensure_dev_certificate(folder.path(), {}, std::chrono::system_clock::now());
  return certificate;
}

template <class T>
T must(Checked<T> value) {
  if (!value) throw std::runtime_error(value.error());
  return std::move(*value);
}

class LiveServer {
 public:
  using MakeSite = std::function<Site(Loop&, BufferPool&)>;
  // `tweak` may change limits, timeouts and more before the worker is made.
  explicit LiveServer(MakeSite make_site, std::function<void(WorkerConfig&)> tweak = {}) {
    const DevCertificate& certificate = test_certificate();
    WorkerConfig config;
    config.make_site = std::move(make_site);
    config.observers = {&observer};
    tls::ServerOptions tls{certificate.cert_file, certificate.key_file};
    tls.alpn = {"h2", "http/1.1"};
    config.tls_tcp = must(tls::ServerContext::make(tls::TransportKind::tcp, tls));
    tls.alpn = {"h3"};
    config.tls_quic = must(tls::ServerContext::make(tls::TransportKind::quic, tls));
    Address any_port = must(Address::parse("127.0.0.1:0"));
    any_port.set_port(must(free_port(std::span(&any_port, 1))));
    WorkerConfig::Secure secure;
    secure.tcp = must(TcpListener::bind(any_port, {}));
    secure.udp = must(UdpSocket::bind(any_port, {}));
    address = bound_address(secure.udp.get());
    secure.alt_svc = std::format("h3=\":{}\"; ma=3600", address.port());
    config.secure.push_back(std::move(secure));
    WorkerConfig::Plain without_tls;
    without_tls.tcp = must(TcpListener::bind(must(Address::parse("127.0.0.1:0")), {}));
    plain = bound_address(without_tls.tcp.get());
    config.plain.push_back(std::move(without_tls));
    SystemRandom().fill(config.secret);
    if (tweak) tweak(config);

    std::promise<Worker*> made;
    auto worker = made.get_future();
    thread_ = std::thread([this, &made, config = std::move(config)]() mutable {
      Worker w(std::move(config));
      made.set_value(&w);
      w.run();
      // What a stop leaves is what the connections held; a drain leaves nothing.
      left_ = w.connections() == 0 && w.pool().outstanding() == 0
                  ? ""
                  : std::format("server: {} connections, {} bytes", w.connections(),
                                w.pool().outstanding());
    });
    worker_ = worker.get();
  }
  LiveServer(const LiveServer&) = delete;
  LiveServer& operator=(const LiveServer&) = delete;
  ~LiveServer() { stop(); }

  Address address, plain;
  RecordingObserver observer;  // after stop() or drain()

  // Runs on the worker's thread, and waits for it.
  void on_worker(const std::function<void(Worker&)>& task) {
    std::promise<void> done;
    worker_->loop().post([&] {
      task(*worker_);
      done.set_value();
    });
    done.get_future().wait();
  }
  void begin_drain() {
    on_worker([](Worker& w) { w.drain(); });
  }
  // After begin_drain(): waits for its end. Says what is left; "" for nothing.
  std::string join() {
    if (thread_.joinable()) thread_.join();
    return left_;
  }
  std::string drain() {
    begin_drain();
    return join();
  }
  void stop() {
    if (!thread_.joinable()) return;
    worker_->loop().post([w = worker_] { w->stop(); });
    thread_.join();
  }

 private:
  Worker* worker_ = nullptr;
  std::string left_;
  std::thread thread_;
};

}  // namespace troika::test
