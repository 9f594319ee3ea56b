#include "loop/control_socket.h"

#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <utility>

#include "os/local_socket.h"

namespace troika {

struct ControlSocket::Client final : Deletable {
  enum class State : std::uint8_t { reading, working, writing };

  Client(ControlSocket& o, std::uint64_t i, Fd f)
      : owner(o), id(i), fd(std::move(f)), timer(o.loop_.timers(), [this] { owner.drop(*this); }) {}

  ControlSocket& owner;
  const std::uint64_t id;
  State state = State::reading;
  Fd fd;  // outlives its poll handle
  Handle<uv_poll_s> poll;
  Timer timer;
  std::string command, reply;
};

ControlSocket::ControlSocket(Loop& loop, Fd listening, std::string path, OnCommand on_command)
    : loop_(loop),
      listening_(std::move(listening)),
      path_(std::move(path)),
      on_command_(std::move(on_command)),
      poll_(make_own_poll(loop, listening_.get(), this)) {
  listen();
}

ControlSocket::~ControlSocket() { unlink(path_.c_str()); }

void ControlSocket::listen() {
  must(uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* handle, int, int) noexcept {
    static_cast<ControlSocket*>(handle->data)->accept();
  }));
}

void ControlSocket::accept() {
  if (clients_.size() >= kMostClients) return must(uv_poll_stop(poll_.get()));
  Fd fd(::accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) return;
  auto& client = *clients_.emplace_back(std::make_unique<Client>(*this, ++last_id_, std::move(fd)));
  auto poll = make_poll(loop_, client.fd.get());
  if (!poll) return clients_.pop_back();
  client.poll = std::move(*poll);
  client.poll->data = &client;
  client.timer.set(loop_.clock().now() + kPatience);
  if (!is_trusted_peer(client.fd.get())) {
    client.state = Client::State::working;
    return answer(client.id, {false, "this server takes commands of its own user and of root"});
  }
  must(uv_poll_start(client.poll.get(), UV_READABLE, [](uv_poll_t* handle, int, int) noexcept {
    auto& ready = *static_cast<Client*>(handle->data);
    ready.owner.read(ready);
  }));
}

void ControlSocket::read(Client& client) {
  std::array<char, kMostCommand + 1> buffer{};
  const ssize_t count = recv(client.fd.get(), buffer.data(), buffer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return drop(client);
  client.command.append(buffer.data(), static_cast<std::size_t>(count));
  const std::size_t end = client.command.find('\n');
  if (end == std::string::npos && client.command.size() <= kMostCommand) return;
  must(uv_poll_stop(client.poll.get()));
  client.timer.cancel();
  client.state = Client::State::working;
  if (end == std::string::npos) return answer(client.id, {false, "the command is too long"});
  client.command.resize(end);
  on_command_(client.command, [this, id = client.id](const Answer& text) { answer(id, text); });
}

void ControlSocket::answer(std::uint64_t id, const Answer& answer) {
  const auto found = std::ranges::find(clients_, id, [](const auto& client) { return client->id; });
  if (found == clients_.end()) return;
  Client& client = **found;
  client.state = Client::State::writing;
  client.reply = (answer.ok ? "ok " : "error ") + answer.text + '\n';
  client.timer.set(loop_.clock().now() + kPatience);
  must(uv_poll_start(client.poll.get(), UV_WRITABLE, [](uv_poll_t* handle, int, int) noexcept {
    auto& ready = *static_cast<Client*>(handle->data);
    ready.owner.write(ready);
  }));
}

void ControlSocket::write(Client& client) {
  const ssize_t count =
      send(client.fd.get(), client.reply.data(), client.reply.size(), MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) return drop(client);
  client.reply.erase(0, static_cast<std::size_t>(count));
  if (client.reply.empty()) drop(client);
}

// It may be the one whose timer or poll handle calls.
void ControlSocket::drop(Client& client) {
  client.poll.reset();
  client.timer.cancel();
  const auto at = std::ranges::find(clients_, client.id, [](const auto& each) { return each->id; });
  loop_.deferred().later(std::move(*at));
  clients_.erase(at);
  if (clients_.size() + 1 == kMostClients) listen();
}

}  // namespace troika
