#include "tls/transport/record_bio.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace troika::tls {
namespace {

struct MethodFree {
  void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
};

RecordBio& self(BIO* bio) noexcept { return *static_cast<RecordBio*>(BIO_get_data(bio)); }

}  // namespace

const BIO_METHOD* RecordBio::method() {
  static const std::unique_ptr<BIO_METHOD, MethodFree> made = [] {
    std::unique_ptr<BIO_METHOD, MethodFree> method(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "troika records"));
    if (method) {
      BIO_meth_set_read_ex(method.get(), on_read);
      BIO_meth_set_write_ex(method.get(), on_write);
      BIO_meth_set_ctrl(method.get(), on_control);
    }
    return method;
  }();
  return made.get();
}

bool RecordBio::attach(SSL* ssl) {
  BIO* bio = method() != nullptr ? BIO_new(method()) : nullptr;
  if (bio == nullptr) return false;
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);  // the SSL owns it now
  return true;
}

void RecordBio::feed(std::span<const std::byte> bytes) {
  store_rest();
  fed_ = bytes;
}

void RecordBio::store_rest() {
  if (stored_at_ == stored_.size()) {
    // An idle connection must hold no memory here. Usually nothing was stored, and nothing is
    // freed.
    stored_ = {fed_.begin(), fed_.end()};
    stored_at_ = 0;
  } else if (!fed_.empty()) {
    stored_.erase(stored_.begin(), stored_.begin() + static_cast<std::ptrdiff_t>(stored_at_));
    stored_at_ = 0;
    stored_.insert(stored_.end(), fed_.begin(), fed_.end());
  }
  fed_ = {};
}

void RecordBio::drop_input() noexcept {
  fed_ = {};
  stored_ = {};
  stored_at_ = 0;
}

std::size_t RecordBio::read(std::span<std::byte> into) noexcept {
  const std::span<const std::byte> stored = std::span(stored_).subspan(stored_at_);
  const std::span<const std::byte> from = stored.empty() ? fed_ : stored;
  const std::size_t n = std::min(into.size(), from.size());
  if (n > 0) std::memcpy(into.data(), from.data(), n);
  if (stored.empty()) {
    fed_ = fed_.subspan(n);
  } else {
    stored_at_ += n;
  }
  return n;
}

int RecordBio::on_read(BIO* bio, char* into, std::size_t size, std::size_t* done) noexcept {
  BIO_clear_retry_flags(bio);
  *done = self(bio).read(std::as_writable_bytes(std::span(into, size)));
  if (*done > 0) return 1;
  BIO_set_retry_read(bio);
  return 0;
}

int RecordBio::on_write(BIO* bio, const char* bytes, std::size_t size, std::size_t* done) noexcept {
  BIO_clear_retry_flags(bio);
  const auto from = std::as_bytes(std::span(bytes, size));
  auto& output = *self(bio).output_;
  output.insert(output.end(), from.begin(), from.end());
  *done = size;
  return 1;
}

long RecordBio::on_control(BIO*, int command, long, void*) noexcept {
  return command == BIO_CTRL_FLUSH ? 1 : 0;  // OpenSSL insists on a flush that succeeds
}

void MessageLimit::watch(SSL* ssl) noexcept {
  SSL_set_msg_callback(ssl, on_message);
  SSL_set_msg_callback_arg(ssl, this);
}

void MessageLimit::on_message(int written, int, int type, const void*, std::size_t, SSL*,
                              void* self) noexcept {
  if (written == 0 && type == SSL3_RT_HANDSHAKE) static_cast<MessageLimit*>(self)->count();
}

void MessageLimit::count() noexcept {
  const TimePoint now = clock_.now();
  if (at_once_ == 0 || now - since_ >= std::chrono::seconds(1)) {
    since_ = now;
    at_once_ = 0;
  }
  ++at_once_;
  ++in_all_;
  exceeded_ = exceeded_ || at_once_ > kASecond || in_all_ > kInAll;
  if (exceeded_) input_.drop_input();
}

}  // namespace troika::tls
