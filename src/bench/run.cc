#include "bench/run.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include "base/text.h"
#include "bench/load.h"
#include "bench/report.h"
#include "client/resolver.h"
#include "loop/loop.h"
#include "loop/signals.h"

namespace troika::bench {
namespace {

constexpr Duration kLookup = std::chrono::seconds(10), kSecond = std::chrono::seconds(1);
constexpr Duration kLongest = std::chrono::hours(24 * 365);

Checked<std::vector<Address>> addresses_of(Loop& loop, const client::Name& server) {
  const auto resolver = client::make_system_resolver(loop);
  std::optional<Checked<std::vector<Address>>> found;
  const auto lookup = resolver->resolve(
      server.host, [&](Checked<std::vector<Address>> result) { found = std::move(result); });
  if (!loop.run_until([&] { return found.has_value(); }, kLookup)) {
    return std::unexpected(formatted("the addresses of {} are not found in time", server.host));
  }
  if (!*found) {
    return std::unexpected(formatted("{} is not found: {}", server.host, found->error()));
  }
  auto addresses = client::interleaved(**found, client::kMostAddresses);
  for (Address& address : addresses) address.set_port(server.port);
  if (addresses.empty()) return std::unexpected(formatted("{} has no address", server.host));
  return addresses;
}

// The `part`th of `parts` of a number, which are as equal as can be.
constexpr std::uint64_t share(std::uint64_t all, std::uint64_t part, std::uint64_t parts) {
  return all / parts + (part < all % parts ? 1 : 0);
}

Plan plan_of(const Options& options, std::size_t thread) {
  Plan plan = options.plan;
  if (plan.requests) plan.requests = share(*plan.requests, thread, options.threads);
  plan.part = thread;
  plan.parts = options.threads;
  return plan;
}

// Says each second what has come, to a person who watches.
class Progress {
 public:
  Progress(Loop& loop, const std::vector<std::unique_ptr<Load>>& loads)
      : clock_(loop.clock()),
        loads_(loads),
        next_(clock_.now() + kSecond),
        timer_(loop.timers(), [this] { tell(); }) {
    if (isatty(STDERR_FILENO) == 1) timer_.set(next_);
  }

 private:
  void tell() {
    std::uint64_t requests = 0, troubles = 0;
    for (const auto& load : loads_) {
      requests += load->seen().requests;
      troubles += load->seen().troubles;
    }
    const std::string line =
        progress_line(++second_, requests, requests - std::exchange(before_, requests), troubles);
    std::fprintf(stderr, "%s\n", line.c_str());
    next_ += kSecond;
    timer_.set(next_);
  }

  const Clock& clock_;
  const std::vector<std::unique_ptr<Load>>& loads_;
  TimePoint next_;
  std::uint64_t second_ = 0, before_ = 0;
  Timer timer_;
};

Tally run_all(Loop& loop, const Options& options, const std::vector<std::unique_ptr<Load>>& loads) {
  std::size_t running = loads.size();
  const Signals signals(loop, [&](Signals::Wish wish) {
    if (wish == Signals::Wish::reopen_logs) return;
    for (const auto& load : loads) load->stop();
  });
  const Progress progress(loop, loads);
  {
    std::vector<std::jthread> threads;
    threads.reserve(loads.size());
    for (std::size_t i = 0; i < loads.size(); ++i) {
      threads.emplace_back([&, i] {
        loads[i]->run(plan_of(options, i));
        loop.post([&running] { --running; });
      });
    }
    loop.run_until([&] { return running == 0; }, kLongest);
  }
  Tally all;
  for (const auto& load : loads) all.add(load->tally());
  return all;
}

}  // namespace

Checked<void> check_host(const Options& options, std::span<const Address> found) {
  const auto other =
      std::ranges::find_if(found, [](const Address& address) { return !address.is_loopback(); });
  if (options.any_host || other == found.end()) return {};
  const std::string& host = options.server.host;
  return std::unexpected(formatted(
      "{} is not this machine's loopback: load only what is yours, and say so with --i-own-this",
      host == other->ip() ? host : formatted("{} ({})", host, other->ip())));
}

Checked<Tally> measure(const Options& options) {
  Loop loop;
  auto addresses = addresses_of(loop, options.server);
  if (!addresses) return std::unexpected(addresses.error());
  if (auto good = check_host(options, *addresses); !good) return std::unexpected(good.error());
  const Load::Target target{.protocol = options.protocol,
                            .addresses = std::move(*addresses),
                            .host = options.server.host,
                            .request = options.request,
                            .new_connection = options.new_connection};
  client::Connector::Options how{.ca_file = options.ca_file};
  how.verify = options.verify && options.request.scheme == "https";  // reading the CAs takes long
  how.quic.datagram_bytes = options.datagram_bytes;
  std::vector<std::unique_ptr<Load>> loads;
  for (std::size_t i = 0; i < options.threads; ++i) {
    auto load =
        Load::make(target, share(options.connections, i, options.threads), options.streams, how);
    if (!load) return std::unexpected(load.error());
    loads.push_back(std::move(*load));
  }
  return run_all(loop, options, loads);
}

int run(std::span<const std::string_view> words) {
  const auto options = parse_options(words);
  if (!options) return cli::end(options.error(), "troika bench");
  const auto tally = measure(*options);
  if (!tally) {
    std::fprintf(stderr, "troika bench: %s\n", tally.error().c_str());
    return 1;
  }
  const std::string report =
      options->json ? json_report(*options, *tally) + '\n' : text_report(*options, *tally);
  std::fputs(report.c_str(), stdout);
  return tally->good() == 0 ? 1 : 0;
}

}  // namespace troika::bench
