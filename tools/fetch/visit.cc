#include "tools/fetch/visit.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "base/text.h"
#include "client/client.h"
#include "handlers/digest.h"

namespace troika::fetch {
namespace {

using client::Fetch;

// How long a ticket may come after all the rest.
constexpr Duration kTicketPatience = std::chrono::seconds(5);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string hex(const Sha256& sum) {
  std::string text;
  for (const std::byte b : sum) text += formatted("{:02x}", std::to_integer<unsigned>(b));
  return text;
}

std::vector<std::byte> read_if_there(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

struct Running {
  std::size_t number;
  TimePoint began;
  Sha256Sum sum;
  std::ofstream file;
  Fetch* fetch = nullptr;
};

class Visit {
 public:
  Visit(const Options& options, std::unique_ptr<client::Client> client)
      : options_(options),
        client_(std::move(client)),
        began_(now()),
        total_(options.paths.size() * options.repeat) {
    outcome_.answers.resize(total_);
  }

  Checked<Outcome> run() {
    auto done = connect();
    if (done) done = fetch_all();
    if (done) done = leave();
    running_.clear();
    if (!done) return std::unexpected(done.error());
    return std::move(outcome_);
  }

 private:
  TimePoint now() { return client_->loop().clock().now(); }
  Duration left() { return std::max(options_.limit - (now() - began_), Duration::zero()); }
  std::string lost() const { return formatted("the connection is lost: {}", connection_->why()); }

  Checked<void> connect();
  Checked<void> fetch_all();
  bool may_begin() const;
  Checked<void> begin_next();
  Checked<void> take_done();
  Checked<void> leave();
  void act_on_bytes();

  const Options& options_;
  std::unique_ptr<client::Client> client_;
  client::Connection* connection_ = nullptr;
  TimePoint began_;
  std::size_t total_, next_ = 0, answered_ = 0;
  std::uint64_t received_ = 0;
  std::vector<std::unique_ptr<Running>> running_;
  Outcome outcome_;
};

Checked<void> Visit::connect() {
  const auto kept =
      options_.resume.empty() ? std::vector<std::byte>() : read_if_there(options_.resume);
  connection_ = &client_->connect(options_.protocol, options_.server, options_.host, kept);
  const bool in_time = client_->run_until(
      [&] {
        return connection_->closed() ||
               (connection_->ready() && (options_.early || !connection_->security().handshaking));
      },
      left());
  if (connection_->closed()) return std::unexpected(connection_->why());
  if (!in_time) return std::unexpected("there is no connection within the time");
  return {};
}

// On a connection that takes no more requests it fails at once.
bool Visit::may_begin() const {
  const ClientSession& session = connection_->session();
  return next_ < total_ && running_.size() < options_.parallel &&
         (!session.full() || session.draining());
}

Checked<void> Visit::begin_next() {
  auto running = std::make_unique<Running>();
  running->number = next_++;
  running->began = now();
  Answer& answer = outcome_.answers[running->number];
  answer.path = options_.paths[running->number / options_.repeat];
  if (!options_.out.empty()) {
    const auto path = std::filesystem::path(options_.out) / std::to_string(running->number);
    running->file.open(path, std::ios::binary | std::ios::trunc);
    if (!running->file) return std::unexpected("the file " + path.string() + " cannot be written");
  }
  const std::string authority = client::Name{options_.host, options_.server.port}.text();
  running->fetch =
      &client_->fetch(*connection_, client::make_request("GET", authority, answer.path), nullptr,
                      [this, to = running.get()](std::span<const std::byte> bytes) {
                        received_ += bytes.size();
                        to->sum.add(bytes);
                        if (to->file.is_open()) {
                          to->file.write(reinterpret_cast<const char*>(bytes.data()),
                                         static_cast<std::streamsize>(bytes.size()));
                        }
                      });
  running_.push_back(std::move(running));
  return {};
}

// Both are refused until the handshake is confirmed, and a key update until the server has followed
// the one before (RFC 9001 §6.1), so they are tried again each turn.
void Visit::act_on_bytes() {
  if (options_.protocol != client::Protocol::h3) return;
  const std::uint64_t each = options_.key_update_each;
  if (each != 0 && received_ >= each * (outcome_.key_updates + 1) && connection_->update_key()) {
    ++outcome_.key_updates;
  }
  const std::uint64_t after = options_.move_after;
  if (after != 0 && outcome_.moves == 0 && received_ >= after && connection_->move())
    ++outcome_.moves;
}

Checked<void> Visit::take_done() {
  const auto rest =
      std::ranges::partition(running_, [](const auto& r) { return !r->fetch->done(); });
  for (const auto& running : rest) {
    Answer& answer = outcome_.answers[running->number];
    if (running->fetch->failed()) {
      return std::unexpected(connection_->closed()
                                 ? lost()
                                 : formatted("the answer for {} broke off after {} bytes",
                                             answer.path, running->fetch->received()));
    }
    answer.status = running->fetch->status();
    answer.bytes = running->fetch->received();
    answer.sha256 = hex(running->sum.finish());
    answer.seconds = seconds(now() - running->began);
    client_->drop(*running->fetch);
    if (running->file.is_open()) running->file.close();
    if (running->file.fail())
      return std::unexpected("an answer cannot be written to " + options_.out);
    ++answered_;
  }
  running_.erase(rest.begin(), rest.end());
  return {};
}

Checked<void> Visit::fetch_all() {
  while (answered_ < total_) {
    while (may_begin()) {
      if (const auto begun = begin_next(); !begun) return begun;
    }
    const bool in_time = client_->run_until(
        [&] {
          act_on_bytes();
          return connection_->closed() || may_begin() ||
                 std::ranges::any_of(running_, [](const auto& r) { return r->fetch->done(); });
        },
        left());
    if (const auto taken = take_done(); !taken) return taken;
    if (answered_ < total_ && connection_->closed()) return std::unexpected(lost());
    if (!in_time) {
      return std::unexpected(
          formatted("only {} of {} requests were answered within the time", answered_, total_));
    }
  }
  outcome_.seconds = seconds(now() - began_);
  return {};
}

Checked<void> Visit::leave() {
  if (options_.key_update_each != 0 && outcome_.key_updates == 0) {
    return std::unexpected("the keys were never renewed");
  }
  if (options_.move_after != 0 && outcome_.moves == 0) {
    return std::unexpected("the connection could not be moved");
  }
  // Answers to early data may come before the end of the handshake, which tells what became of it.
  std::ignore = client_->run_until(
      [&] { return connection_->closed() || !connection_->security().handshaking; }, left());
  outcome_.security = connection_->security();
  if (options_.resume.empty()) return {};
  if (!client_->run_until([&] { return !connection_->resumption().empty(); }, kTicketPatience)) {
    return std::unexpected("the server gave nothing to come back with");
  }
  const auto bytes = connection_->resumption();
  std::ofstream out(options_.resume, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  out.close();
  if (!out) return std::unexpected("the file " + options_.resume + " cannot be written");
  return {};
}

}  // namespace

Checked<Outcome> visit(const Options& options) {
  client::Client::Options wanted{.ca_file = options.ca_file};
  wanted.verify = !options.ca_file.empty();
  wanted.groups = options.groups;
  wanted.ciphers = options.ciphers;
  wanted.quic.handshake_timeout = wanted.quic.idle_timeout = options.limit;
  wanted.quic.ack_every = options.ack_every;
  if (!options.quic.empty()) wanted.quic.version = options.quic.front();
  // The last is what the server is to prefer.
  if (options.quic.size() > 1)
    wanted.quic.versions.assign(options.quic.rbegin(), options.quic.rend());
  auto client = client::Client::make(wanted);
  if (!client) return std::unexpected(client.error());
  return Visit(options, std::move(*client)).run();
}

}  // namespace troika::fetch
