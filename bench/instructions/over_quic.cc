// HTTP/3 through the endpoint, on a network that delivers all datagrams, in order.
#include <deque>

#include "bench/instructions/client.h"
#include "bench/instructions/counted.h"
#include "bench/instructions/site.h"
#include "client/client.h"
#include "client/fetch.h"
#include "proto/h3/session.h"
#include "proto/quic/client_connection.h"
#include "proto/quic/endpoint.h"
#include "tls/context/client_context.h"

namespace troika::instructions {
namespace {

constexpr Duration kOneWay = std::chrono::microseconds(50);
constexpr Duration kLongWait = std::chrono::milliseconds(30);  // an acknowledgement is not so late
constexpr std::size_t kWindow = 64U << 20U;  // so wide that the client need not open it
const Address kServer = Address::v4(0x7f000001, 8443), kClient = Address::v4(0x7f000001, 50000);

// One way through the network, up to the next turn.
class Way final : public DatagramSink {
 public:
  explicit Way(bool counted) : counted_(counted) {}
  SendOutcome send(const Datagram& datagram) override {
    const auto keep = [&] {
      waiting_.push_back({datagram, {datagram.bytes.begin(), datagram.bytes.end()}});
    };
    counted_ ? uncounted(keep) : keep();
    return SendOutcome::sent;
  }
  struct Kept {
    Datagram datagram;
    std::vector<std::byte> bytes;
  };
  std::vector<Kept> arrive() {
    for (Kept& each : waiting_) {
      each.datagram.bytes = each.bytes;
      std::swap(each.datagram.local, each.datagram.remote);
    }
    return std::exchange(waiting_, {});
  }
  bool empty() const { return waiting_.empty(); }

 private:
  const bool counted_;
  std::vector<Kept> waiting_;
};

class H3Client final : public Client {
 public:
  explicit H3Client(Site& site) : site_(site) {
    quic::EndpointConfig config;
    config.streams_bidi = site_.limits.concurrent_streams;
    config.stream_window = site_.limits.h3_stream_window;
    config.connection_window = site_.limits.connection_window;
    site_.random.fill(config.secret);
    endpoint_ = std::make_unique<quic::Endpoint>(
        config, site_.clock, site_.random, from_server_, *site_.tls_quic,
        quic::ApplicationFactory{h3::traits(site_.limits), [this](quic::QuicStreams& quic) {
                                   return h3::make_session(site_.services, quic);
                                 }});
    tls_ = rig::must(tls::ClientContext::make(
        tls::TransportKind::quic, {.ca_file = rig::test_certificate().ca_file, .alpn = {"h3"}}));
    limits_.call_window = kWindow;
    auto made = quic::ClientConnection::make(
        {.server_name = "localhost", .stream_window = kWindow, .connection_window = kWindow},
        kClient, kServer, site_.clock, site_.random, to_server_, *tls_,
        {h3::traits(limits_), [this](quic::QuicStreams& quic) {
           auto application = h3::make_client_session(services_, quic);
           session_ = application.get();
           return application;
         }});
    if (!made) throw std::runtime_error(std::string(made.error().detail));
    client_ = std::move(*made);
    while (client_->state() != quic::ClientConnection::State::established) turn(nullptr);
    request_ = client::make_request("GET", std::string(kAuthority), std::string(kTarget));
    for (const auto& [name, value] : kFields) request_.headers.add(name, value);
  }

  std::size_t get() override {
    std::size_t content = 0;
    client::Fetch fetch(request_, nullptr,
                        [&](std::span<const std::byte> bytes) { content += bytes.size(); });
    fetch.begin(*session_);
    while (!fetch.done() || more_) turn(&fetch);
    if (fetch.status() != 200)
      throw std::runtime_error("the response is " + std::to_string(fetch.status()));
    return content;
  }

 private:
  // What has been sent arrives; both ends act on it.
  void turn(client::Fetch* fetch) {
    bool idle = to_server_.empty() && from_server_.empty() && !more_;
    const auto to_server = to_server_.arrive(), to_client = from_server_.arrive();
    counted([&] {
      const TimePoint now = site_.clock.now();
      for (const Way::Kept& each : to_server) endpoint_->receive(each.datagram, now);
      if (endpoint_->deadline() <= now) endpoint_->on_deadline(now);
      more_ = site_.flush();
      more_ = endpoint_->flush(now) || more_ || !site_.dirty.empty();
    });
    for (const Way::Kept& each : to_client) client_->receive(each.datagram, site_.clock.now());
    if (fetch != nullptr) fetch->pump();
    while (client_->flush(site_.clock.now())) idle = false;
    const TimePoint next = site_.clock.now() + kOneWay;
    if (idle && to_server_.empty() && from_server_.empty()) {
      const TimePoint due = std::min(endpoint_->deadline(), client_->deadline());
      due > next + kLongWait ? site_.wait() : site_.clock.advance_to(due);
    }
    site_.clock.advance_to(next);
  }

  Site& site_;
  Way to_server_{false}, from_server_{true};
  std::unique_ptr<quic::Endpoint> endpoint_;
  std::unique_ptr<tls::ClientContext> tls_;
  BufferPool pool_;
  Limits limits_;
  CallServices services_{pool_, site_.clock, limits_, site_.random};
  std::unique_ptr<quic::ClientConnection> client_;
  h3::ClientApplication* session_ = nullptr;
  Request request_;
  bool more_ = false;
};

}  // namespace

std::unique_ptr<Client> make_h3_client(Site& site) { return std::make_unique<H3Client>(site); }

}  // namespace troika::instructions
