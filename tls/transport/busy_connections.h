#pragma once
#include <cstddef>

namespace troika::tls {

// OpenSSL's buffers of a connection have 33 KB. Those of the connections that were used last are
// kept, so that a busy one does not allocate them for every record; the others hold none. One for
// each worker.
class BusyConnections {
 public:
  static constexpr std::size_t kMost = 64;

  class Connection {
   public:
    virtual ~Connection() = default;
    virtual void free_buffers() noexcept = 0;

   private:
    friend class BusyConnections;
    Connection *before_ = nullptr, *after_ = nullptr;
    bool listed_ = false;
  };

  // It uses its buffers now. The one that was used longest ago loses its own if there are too many.
  void used(Connection& connection) noexcept {
    if (last_ == &connection) return;
    remove(connection);
    connection.listed_ = true;
    connection.before_ = last_;
    (last_ != nullptr ? last_->after_ : first_) = &connection;
    last_ = &connection;
    if (++size_ <= kMost) return;
    Connection& oldest = *first_;
    remove(oldest);
    oldest.free_buffers();
  }
  // It does not use them any more, or is destroyed.
  void remove(Connection& connection) noexcept {
    if (!connection.listed_) return;
    Connection* const before = connection.before_;
    Connection* const after = connection.after_;
    (before != nullptr ? before->after_ : first_) = after;
    (after != nullptr ? after->before_ : last_) = before;
    connection.before_ = connection.after_ = nullptr;
    connection.listed_ = false;
    --size_;
  }

 private:
  Connection *first_ = nullptr, *last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace troika::tls
