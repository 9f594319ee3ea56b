#pragma once
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "loop/loop.h"
#include "os/fd.h"

namespace troika {

// Where the operator's commands come in: a line each, and a line back: "ok TEXT" or "error TEXT".
class ControlSocket {
 public:
  struct Answer {
    bool ok = true;
    std::string text;  // without a newline
  };
  // Call it once, then or later, while this object lives. A client that has gone gets nothing.
  using Reply = std::move_only_function<void(const Answer& answer)>;
  using OnCommand = std::function<void(std::string_view command, Reply reply)>;

  static constexpr std::size_t kMostClients = 16;   // at a time; more wait in the kernel's queue
  static constexpr std::size_t kMostCommand = 256;  // bytes of a line
  static constexpr Duration kPatience = std::chrono::seconds(5);  // for a command, and to read

  // `listening`: of listen_locally(). Its file is removed at the end. Throws as make_own_poll()
  // does.
  ControlSocket(Loop& loop, Fd listening, std::string path, OnCommand on_command);
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;
  ~ControlSocket();

 private:
  struct Client;

  void listen();
  void accept();
  void read(Client& client);
  void answer(std::uint64_t id, const Answer& answer);
  void write(Client& client);
  void drop(Client& client);

  Loop& loop_;
  Fd listening_;
  std::string path_;
  OnCommand on_command_;
  Handle<uv_poll_s> poll_;
  std::list<std::unique_ptr<Client>> clients_;
  std::uint64_t last_id_ = 0;
};

}  // namespace troika
