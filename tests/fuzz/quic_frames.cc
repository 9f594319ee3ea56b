// Any payload in packets whose keys are right, in place of a client or of a server: after the
// handshake, the honest one falls silent, and the input goes on in its name, with frames that keep
// to the rules or do not, from one address or several, while time passes. Whatever comes: no more
// than three times the bytes go to an address that is not validated, what waits for nothing ends in
// time, and nothing is left.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/answers.h"
#include "fuzz/cases.h"
#include "fuzz/packet_sealer.h"
#include "fuzz/quic_writer.h"
#include "support/sim_h3.h"
#include "tls/context/key_log.h"

namespace {

using namespace troika;
using namespace std::chrono_literals;
using fuzz::Input, fuzz::require;

using Bytes = std::vector<std::byte>;

// The traffic secrets of both sides.
class Secrets final : public tls::KeyLog {
 public:
  void line(std::string_view text) noexcept override {
    for (auto* const each : {&client, &server}) {
      const std::string_view name =
          each == &client ? "CLIENT_TRAFFIC_SECRET_0 " : "SERVER_TRAFFIC_SECRET_0 ";
      if (text.starts_with(name)) *each = decoded(text.substr(text.rfind(' ') + 1));
    }
  }
  std::vector<unsigned char> client, server;

 private:
  static std::vector<unsigned char> decoded(std::string_view hex) {
    const auto digit = [](char c) {
      return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    };
    std::vector<unsigned char> bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      bytes.push_back(static_cast<unsigned char>(digit(hex[i]) << 4U | digit(hex[i + 1])));
    }
    return bytes;
  }
};

class Run {
 public:
  explicit Run(Input input) : input_(input), against_server_(input_.byte() % 2 == 0) {
    world_.server_options.key_log = &secrets_;
    world_.config.account = &held_;
    world_.start_server();
    world_.connect();
    note_ids();
    require(world_.run_until([this] { return world_.ready(); }), "the handshake is made");
    world_.world.run_for(1s);
    if (!against_server_) {
      for (int i = 0; i < 3; ++i) world_.get();
      world_.run_until([] { return false; }, 1ms);
    }
    world_.world.leave(world_.server_port);
    world_.world.leave(world_.client_port);
  }

  void run() {
    const fuzz::PacketSealer sealer(against_server_ ? secrets_.client : secrets_.server);
    std::uint32_t number = 1000;
    while (!input_.empty()) {
      const unsigned how = input_.byte();
      if (how % 8 < 5) {
        number += 1 + (how >= 240 ? how : 0);
        std::string payload;
        for (unsigned n = 1 + how / 8 % 4; n > 0; --n) payload += writer_.frame(input_);
        payload.resize(std::min<std::size_t>(payload.size(), 1400));
        receive(sealer.seal(against_server_ ? of_server_ : of_client_, number, payload), how);
      } else if (how % 8 == 5) {
        pass(10ms * input_.byte());
      } else if (how % 8 == 6) {
        answers_.operate(input_);
      }
      flush();
    }
    end();
  }

 private:
  static constexpr std::size_t kAddresses = 3;

  TimePoint now() const { return world_.world.clock.now(); }
  Address address(std::size_t i) const {
    return i == 0 ? world_.client_port.address()
                  : Address::v4(0x0a000100 + static_cast<std::uint32_t>(i), 4000);
  }

  // Of the server's long headers (RFC 9000 §17.2): what the two call themselves.
  void note_ids() {
    auto inner = world_.client_port.receiver;
    world_.client_port.receiver = [this, inner](const Datagram& datagram) {
      const auto at = [&](std::size_t i) {
        return std::to_integer<std::size_t>(datagram.bytes[i]);
      };
      if ((at(0) & 0x80U) != 0) {
        const auto client = datagram.bytes.subspan(6, at(5));
        const auto server = datagram.bytes.subspan(7 + client.size(), at(6 + client.size()));
        of_client_.assign(client.begin(), client.end());
        of_server_.assign(server.begin(), server.end());
      }
      inner(datagram);
    };
  }

  void receive(const Bytes& packet, unsigned how) {
    const Address client = address(against_server_ && how >= 224 ? how % kAddresses : 0);
    const Address& server = world_.server_port.address();
    if (against_server_) {
      came_[how >= 224 ? how % kAddresses : 0] += packet.size();
      world_.endpoint->receive({.local = server, .remote = client, .bytes = packet}, now());
    } else {
      world_.client->receive({.local = client, .remote = server, .bytes = packet}, now());
    }
  }
  void flush() {
    int turns = 0;
    if (against_server_) {
      while (world_.endpoint->flush(now())) require(++turns < 10'000, "a flush ends");
    } else {
      world_.pump();
      while (world_.client->flush(now())) require(++turns < 10'000, "a flush ends");
    }
  }
  void pass(Duration time) {
    world_.world.clock.advance_to(now() + time);
    if (against_server_) {
      if (world_.endpoint->deadline() <= now()) world_.endpoint->on_deadline(now());
    } else if (world_.client->deadline() <= now()) {
      world_.client->on_deadline(now());
    }
  }
  // RFC 9000 §8.1. Nobody here can read a PATH_CHALLENGE, so none but the first is ever validated.
  void check_amplification() const {
    for (std::size_t i = 1; i < kAddresses; ++i) {
      std::size_t sent = 0;
      for (const sim::Sent& each : world_.world.net.log()) {
        if (each.to == address(i)) sent += each.bytes;
      }
      require(sent <= 3 * came_.at(i), "three times as much at most");
    }
  }

  void end() {
    check_amplification();
    if (against_server_) {
      for (int i = 0; i < 10'000 && world_.endpoint->deadline() != kNever; ++i) {
        pass(std::max(Duration(0), world_.endpoint->deadline() - now()));
        flush();
      }
      require(world_.endpoint->objects() == 0, "the connection ends");
    } else {
      using State = quic::ClientConnection::State;
      for (int i = 0; i < 10'000 && world_.client->state() != State::closed; ++i) {
        require(world_.client->deadline() != kNever, "what is not closed has a deadline");
        pass(std::max(Duration(0), world_.client->deadline() - now()));
        flush();
      }
      require(world_.client->state() == State::closed, "the connection ends");
      require(world_.all_done(), "each call has its end");
    }
    check_amplification();
    world_.fetches.clear();
    world_.client.reset();
    world_.endpoint.reset();
    answers_.check_end();
    require(held_.held() == 0, "the account is at zero");
    require(world_.pool.outstanding() == 0 && world_.client_pool.outstanding() == 0,
            "no buffer is left");
  }

  Input input_;
  bool against_server_;
  Secrets secrets_;
  Account held_;
  test::SimH3 world_{1, {.delay = 1ms}};
  fuzz::Answers answers_{world_.handler, world_.pool};
  Bytes of_client_, of_server_;  // connection ids
  std::array<std::size_t, kAddresses> came_{};
  fuzz::QuicWriter writer_{against_server_};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Run(Input(data, size)).run();
  return 0;
}
