#include "tools/rig/live_server.h"

#include <future>

#include "base/text.h"
#include "loop/udp_socket.h"
#include "os/bind.h"
#include "tls/context/server_context.h"
#include "tls/ossl.h"
#include "tools/rig/temporary_folder.h"

namespace troika::rig {
const DevCertificate& test_certificate() {
  static const TemporaryFolder folder;
  static const DevCertificate certificate =
      *ensure_dev_certificate(folder.path(), {}, std::chrono::system_clock::now());
  return certificate;
}

LiveServer::LiveServer(MakeSite make_site, const std::function<void(WorkerConfig&)>& tweak) {
  const DevCertificate& certificate = test_certificate();
  WorkerConfig config;
  config.snapshot.make_site = std::move(make_site);
  tls::ServerOptions tls{certificate.cert_file, certificate.key_file};
  tls.alpn = {"h2", "http/1.1"};
  config.tls_tcp = must(tls::ServerContext::make(tls::TransportKind::tcp, tls));
  tls.alpn = {"h3"};
  config.tls_quic = must(tls::ServerContext::make(tls::TransportKind::quic, tls));
  Address any_port = must(Address::parse("127.0.0.1:0"));
  any_port.set_port(must(free_port(std::span(&any_port, 1))));
  WorkerSockets::Secure secure;
  secure.tcp = must(TcpListener::bind(any_port, {}));
  secure.udp = must(UdpSocket::bind(any_port, {}));
  address = bound_address(secure.udp.get());
  secure.alt_svc = formatted("h3=\":{}\"; ma=3600", address.port());
  config.sockets.secure.push_back(std::move(secure));
  WorkerSockets::Plain without_tls;
  without_tls.tcp = must(TcpListener::bind(must(Address::parse("127.0.0.1:0")), {}));
  plain = bound_address(without_tls.tcp.get());
  config.sockets.plain.push_back(std::move(without_tls));
  SystemRandom().fill(config.quic.secret);
  if (tweak) tweak(config);

  std::promise<Worker*> made;
  auto worker = made.get_future();
  thread_ = std::thread([this, &made, config = std::move(config)]() mutable {
    Worker w(std::move(config));
    made.set_value(&w);
    w.run();
    // What a stop leaves is what the connections held; a drain leaves nothing.
    left_ = w.connections() == 0 && w.pool().outstanding() == 0 && w.account().held() == 0
                ? ""
                : formatted("server: {} connections, {} bytes, {} on their accounts",
                            w.connections(), w.pool().outstanding(), w.account().held());
  });
  worker_ = worker.get();
}

void LiveServer::on_worker(const std::function<void(Worker&)>& task) {
  std::promise<void> done;
  worker_->loop().post([&] {
    task(*worker_);
    done.set_value();
  });
  done.get_future().wait();
}

std::string LiveServer::join() {
  if (thread_.joinable()) thread_.join();
  return left_;
}

void LiveServer::stop() {
  if (!thread_.joinable()) return;
  worker_->loop().post([w = worker_] { w->stop(); });
  thread_.join();
}

}  // namespace troika::rig
