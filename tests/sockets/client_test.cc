// The client on real sockets: by name, with deadlines, given up at any step, and many at once.
#include <atomic>
#include <catch2/catch_test_macros.hpp>

#include "server/descriptors.h"
#include "support/fake_resolver.h"
#include "support/live_client.h"
#include "support/responses.h"
#include "support/scripted_site.h"
#include "unit/client/raw_server.h"

using namespace troika;
using namespace troika::test;

namespace {

using client::Protocol;
using namespace std::chrono_literals;

client::Client::Options with_ca() { return {.ca_file = test_certificate().ca_file}; }

const Request kGet = client::make_request("GET", "localhost", "/");

// A body without end, which counts itself.
class EndlessBody final : public BodySource {
 public:
  EndlessBody(BufferPool& pool, int& alive) : pattern_(pool, 1ULL << 40U, false), alive_(alive) {
    ++alive_;
  }
  EndlessBody(const EndlessBody&) = delete;
  EndlessBody& operator=(const EndlessBody&) = delete;
  ~EndlessBody() override { --alive_; }
  Result<Pulled> pull(std::size_t most) override { return pattern_.pull(most); }
  void set_waker(Waker*) noexcept override {}
  std::optional<std::uint64_t> remaining() const noexcept override { return std::nullopt; }

 private:
  PatternBody pattern_;
  int& alive_;
};

// One port of TCP and UDP. Another one is tried when some other program has that of UDP.
struct BothSockets {
  explicit BothSockets(int backlog) {
    for (int i = 0; i < 50; ++i) {
      const Address address = tcp.emplace(backlog).address();
      udp = make_socket(SocketKind::udp, address).value();
      if (::bind(udp.get(), address.get(), address.size()) == 0) return;
    }
    FAIL("no port is free for both");
  }
  Address address() const { return tcp->address(); }

  std::optional<RawServer> tcp;
  Fd udp;
};

// A port of TCP or UDP where nothing is answered: the TCP backlog is full.
struct DeadPort : BothSockets {
  DeadPort() : BothSockets(0) {
    for (Fd& fd : waiting) {
      fd = make_socket(SocketKind::tcp, address()).value();
      std::ignore = ::connect(fd.get(), address().get(), address().size());
    }
  }
  std::array<Fd, 3> waiting;
};

// Where TCP connects and TLS does not begin; over UDP a datagram comes back that says nothing.
struct SilentPort : BothSockets {
  SilentPort() : BothSockets(8) {}
  void answer() const {
    std::array<std::byte, 2048> bytes{};
    Address from;
    socklen_t size = Address::capacity();
    if (::recvfrom(udp.get(), bytes.data(), bytes.size(), MSG_DONTWAIT, from.get(), &size) > 0) {
      CHECK(::sendto(udp.get(), bytes.data(), 1, 0, from.get(), from.size()) == 1);
    }
  }
};

// A fetch that is stuck in one step, for as long as nobody ends it.
class Stuck {
 public:
  Stuck(Protocol protocol, std::optional<CallStep> step)
      : protocol_(protocol),
        step_(step),
        server_(scripted_site([this](auto context, auto& its) { return answer(context, its); })) {
    client::Client::Options options = with_ca();
    options.resolver = &resolver;
    client.emplace(options);
    connection = &connect();
    if (step == CallStep::handshake) {
      client->wait([&] {
        silent_.answer();
        (*client)->loop().post([] {});
        return connection->step() == CallStep::handshake;
      });
    }
    const bool uploads = step == CallStep::send;
    fetch = &(*client)->fetch(
        *connection, client::make_request(uploads ? "POST" : "GET", "localhost", "/"),
        uploads || step < CallStep::send ? std::make_unique<EndlessBody>((*client)->pool(), bodies)
                                         : nullptr,
        {}, {.limit = 1h});
    if (step < CallStep::send) return;
    client->wait([&] {
      (*client)->loop().post([] {});  // another thread says when
      return started_ == 1 && fetch->step() == *step && !(step == CallStep::receive && !got());
    });
  }
  ~Stuck() {
    client.reset();
    CHECK(bodies == 0);
  }
  Stuck(const Stuck&) = delete;
  Stuck& operator=(const Stuck&) = delete;

  void turn() {
    (*client)->run_until([] { return true; }, 1s);
  }

  FakeResolver resolver;
  std::optional<LiveClient> client;
  client::Connection* connection;
  client::Fetch* fetch;
  int bodies = 0;  // of requests, alive

 private:
  client::Connection& connect() {
    if (!step_) return (*client)->connect(protocol_, client::Name{"a.example", 443}, "localhost");
    const Address to = step_ == CallStep::connect     ? dead_.address()
                       : step_ == CallStep::handshake ? silent_.address()
                                                      : server_.address;
    return *must((*client)->connect(protocol_, to, "localhost"));
  }
  std::unique_ptr<Job> answer(RequestContext context, Responder& responder) {
    ++started_;
    if (step_ == CallStep::receive) {
      std::ignore = responder.respond(
          {}, scripted(context.services.pool, {BodyStep::data("some"), BodyStep::blocked()}));
      return nullptr;
    }
    return hold(jobs_)(context, responder);
  }
  bool got() const { return fetch->received() > 0; }

  Protocol protocol_;
  std::optional<CallStep> step_;
  DeadPort dead_;
  SilentPort silent_;
  std::atomic<int> started_ = 0;
  int jobs_ = 0;
  LiveServer server_;
};

// Nothing: the name is being resolved.
constexpr std::array<std::optional<CallStep>, 6> kSteps{std::nullopt,        CallStep::connect,
                                                        CallStep::handshake, CallStep::send,
                                                        CallStep::wait,      CallStep::receive};

}  // namespace

TEST_CASE("A fetch that is given up frees all that it had within a turn, at each step") {
  for (const auto& [protocol, name] : kProtocols) {
    for (const auto& step : kSteps) {
      CAPTURE(name, step ? static_cast<int>(*step) : -1);
      Stuck stuck(protocol, step);
      client::Client& client = **stuck.client;
      client.drop(*stuck.fetch);
      stuck.turn();
      CHECK(stuck.bodies == 0);
      client.drop(*stuck.connection);
      stuck.turn();
      CHECK(client.pool().outstanding() == 0);
      CHECK(client.loop().timers().size() == 0);
      CHECK(stuck.resolver.waiting() == 0);
    }
  }
}

TEST_CASE("A fetch ends at its limit, at each step, and says in which it was") {
  for (const auto& [protocol, name] : kProtocols) {
    for (const auto& step : kSteps) {
      CAPTURE(name, step ? static_cast<int>(*step) : -1);
      Stuck stuck(protocol, step);
      stuck.fetch->limit->set((*stuck.client)->loop().clock().now());
      stuck.client->wait([&] { return stuck.fetch->done(); });
      const Failure failure = stuck.fetch->failure();
      CHECK(failure.step == step.value_or(CallStep::connect));
      CHECK(failure.reason == AbortReason::timeout);
      CHECK(failure.replayable == (failure.step < CallStep::send));
      stuck.turn();
      CHECK(stuck.bodies == 0);
    }
  }
}

TEST_CASE("The timeouts of a call can be given with it") {
  std::atomic<int> jobs = 0;
  LiveServer server(scripted_site([&jobs](auto, auto&) {
    ++jobs;
    static int alive = 0;
    return std::make_unique<CountedJob>(alive);
  }));
  LiveClient client;
  for (const auto& [protocol, name] : kProtocols) {
    client::Fetch& fetch = client->fetch(client.connect(protocol, server.address), kGet, nullptr,
                                         {}, {.timeouts = {.first_byte = 50ms}});
    client.wait([&] { return fetch.done(); });
    CHECK(fetch.failure().step == CallStep::wait);
    CHECK(fetch.failure().reason == AbortReason::timeout);
  }
  CHECK(jobs == 3);
}

TEST_CASE("What has failed before a request could be sent is said to its fetches") {
  client::Client::Options options = with_ca();
  options.times = {.connect = 100ms, .tls = 100ms};
  options.quic.handshake_timeout = 100ms;
  const DeadPort dead;
  const SilentPort silent;
  for (const auto& [protocol, name] : kProtocols) {
    for (const CallStep step : {CallStep::connect, CallStep::handshake}) {
      CAPTURE(name, static_cast<int>(step));
      LiveClient client(options);
      client::Connection& connection = *must(client->connect(
          protocol, step == CallStep::connect ? dead.address() : silent.address(), "localhost"));
      client::Fetch& early = client->fetch(connection, kGet);
      client.wait([&] {
        silent.answer();
        return early.done();
      });
      client::Fetch& late = client->fetch(connection, kGet);
      for (const client::Fetch* fetch : {&early, &late}) {
        CHECK(fetch->failure().step == step);
        CHECK(fetch->failure().reason == AbortReason::timeout);
        CHECK(fetch->failure().replayable);
      }
    }
  }
}

TEST_CASE("A server is verified unless the user says otherwise") {
  LiveServer server(scripted_site());
  for (const auto& [protocol, name] : kProtocols) {
    CAPTURE(name);
    LiveClient strict(client::Client::Options{});
    client::Connection& refused = *must(strict->connect(protocol, server.address, "localhost"));
    client::Fetch& fetch = strict->fetch(refused, kGet);
    strict.wait([&] { return fetch.done() && refused.closed(); });
    CHECK(refused.why() == "the server's certificate is not from a CA that is trusted here");
    CHECK(fetch.failure().step == CallStep::handshake);
    CHECK(fetch.failure().reason == AbortReason::protocol_error);
    CHECK(fetch.failure().replayable);
    LiveClient trusting({.verify = false});
    CHECK(trusting.ask(trusting.connect(protocol, server.address, "other.example")).status == 200);
  }
}

TEST_CASE("A name leads to whichever of its addresses answers") {
  LiveServer server(scripted_site());
  FakeResolver resolver;
  client::Client::Options options = with_ca();
  options.resolver = &resolver;
  LiveClient client(options), system;
  const client::Name localhost{"localhost", server.address.port()};
  for (const auto& [protocol, name] : kProtocols) {
    CAPTURE(name);
    for (const bool both : {false, true}) {
      client::Connection& connection = client->connect(protocol, localhost, "localhost");
      client::Fetch& fetch = client->fetch(connection, kGet);
      if (both) {
        resolver.give({"[::1]:0", "127.0.0.1:0"});
      } else {
        resolver.give({"127.0.0.1:0"});
      }
      client.wait([&] { return fetch.done(); });
      CHECK(fetch.status() == 200);
    }
    client::Fetch& fetch = system->fetch(system->connect(protocol, localhost, "localhost"), kGet);
    system.wait([&] { return fetch.done(); });
    CHECK(fetch.status() == 200);
  }
}

TEST_CASE("A name with IPv6 alone") {
  const Address any = must(Address::parse("[::1]:0"));
  if (!free_port({&any, 1})) SKIP("there is no IPv6 here");
  Address address;
  LiveServer server(scripted_site(), [&](WorkerConfig& config) {
    config.sockets.plain.clear();
    config.sockets.plain.push_back({.tcp = must(TcpListener::bind(any, {}))});
    address = bound_address(config.sockets.plain.back().tcp.get());
  });
  FakeResolver resolver;
  LiveClient client({.resolver = &resolver});
  client::Fetch& fetch = client->fetch(
      client->connect(Protocol::h1_plain, client::Name{"localhost", address.port()}, "localhost"),
      kGet);
  resolver.give({"[::1]:0"});
  client.wait([&] { return fetch.done(); });
  CHECK(fetch.status() == 200);
}

TEST_CASE("A thousand connections, of which the idle ones are left alone") {
  constexpr std::size_t kMany = 1000;
  if (available_descriptors() < 2 * kMany + 100) SKIP("too few descriptors; raise ulimit -Hn");
  const Protocol protocol = GENERATE(Protocol::h1, Protocol::h2, Protocol::h3);
  LiveServer server(scripted_site());
  LiveClient client;
  std::vector<client::Connection*> connections;
  std::vector<client::Fetch*> fetches;
  const auto all_done = [&] {
    return std::ranges::all_of(fetches, [](auto* f) { return f->done(); });
  };
  // Some at a time: a thousand handshakes that wait for each other may come to their deadlines.
  constexpr std::size_t kAtOnce = 50;
  for (std::size_t i = 0; i < kMany; ++i) {
    connections.push_back(must(client->connect(protocol, server.address, "localhost")));
    fetches.push_back(&client->fetch(*connections.back(), kGet));
    if (fetches.size() % kAtOnce == 0) client.wait(all_done);
  }
  CHECK(std::ranges::all_of(fetches, [](auto* f) { return f->status() == 200; }));
  for (client::Fetch* const fetch : fetches) client->drop(*fetch);
  // QUIC has acknowledgements and probes of the path's MTU left.
  std::uint64_t before = 0;
  while (client->flushes() != std::exchange(before, client->flushes())) {
    client->run_until([] { return false; }, 200ms);
  }
  for (int i = 0; i < 10; ++i) CHECK(client.ask(*connections[500], kGet).status == 200);
  CHECK(client->flushes() - before < kMany / 2);  // they would be flushed in every turn
  for (client::Connection* const connection : connections) client->drop(*connection);
  CHECK(client->pool().outstanding() == 0);
}
