// HTTP/1.1 and HTTP/2 over TLS. What the client sends depends on OpenSSL and nghttp2 alone.
#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>

#include <array>
#include <charconv>
#include <list>
#include <vector>

#include "bench/instructions/client.h"
#include "bench/instructions/counted.h"
#include "bench/instructions/site.h"
#include "runtime/connection.h"
#include "tls/context/client_context.h"
#include "tls/transport/tls_transport.h"

namespace troika::instructions {
namespace {

constexpr Duration kOneWay = std::chrono::microseconds(50);

// The server's end: takes all that is written.
class Stream final : public ByteStream {
 public:
  explicit Stream(std::string& written) : written_(written) {}
  void start(Observer& observer) override { observer_ = &observer; }
  void set_reading(bool) override {}
  Result<std::size_t> write_some(std::span<const iovec> parts) override {
    std::size_t bytes = 0;
    uncounted([&] {
      for (const iovec& part : parts) {
        written_.append(static_cast<const char*>(part.iov_base), part.iov_len);
        bytes += part.iov_len;
      }
    });
    return bytes;
  }
  void shutdown_write() override {}
  void reset() override {}
  const Address& local() const noexcept override { return local_; }
  const Address& remote() const noexcept override { return remote_; }
  Observer& observer() noexcept { return *observer_; }

 private:
  std::string& written_;
  Observer* observer_ = nullptr;
  const Address local_ = Address::v4(0x7f000001, 8443), remote_ = Address::v4(0x7f000001, 50000);
};

class TcpClient : public Client, private ConnectionOwner {
 public:
  std::size_t get() override {
    status_ = 0;
    content_ = 0;
    done_ = false;
    ask();
    while (!done_ || !site_.dirty.empty()) turn();
    if (status_ != 200) throw std::runtime_error("the response is " + std::to_string(status_));
    return content_;
  }

 protected:
  TcpClient(Site& site, const char* alpn) : site_(site) {
    const auto context = rig::must(tls::ClientContext::make(
        tls::TransportKind::tcp, {.ca_file = rig::test_certificate().ca_file, .alpn = {alpn}}));
    ssl_ = context->new_ssl("localhost");
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    auto stream = std::make_unique<Stream>(from_server_);
    stream_ = stream.get();
    ConnectionOwner& owner = *this;
    connection_ = std::make_unique<Connection>(
        tls::make_tls_transport(std::move(stream), site_.tls_tcp->new_ssl(), scratch_),
        "h3=\":8443\"; ma=3600", site_.services, site_.timers, places_, owner);
    connection_->start();
    while (SSL_do_handshake(ssl_.get()) != 1) turn();
  }
  ~TcpClient() override {
    site_.dirty.remove(*connection_);
    connection_->abort();
    connection_.reset();
  }

  virtual void ask() = 0;
  virtual void take(std::string_view text) = 0;  // sets status_, content_ and done_
  void send(std::string_view text) {
    if (!text.empty()) SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
  }
  // A round trip: what the client has sent arrives, and what the server sends in one flush comes.
  void turn() {
    std::string input(static_cast<std::size_t>(BIO_pending(SSL_get_wbio(ssl_.get()))), '\0');
    BIO_read(SSL_get_wbio(ssl_.get()), input.data(), static_cast<int>(input.size()));
    counted([&] {
      if (!input.empty()) stream_->observer().on_bytes(std::as_bytes(std::span(input)));
      site_.flush();
    });
    site_.clock.advance_to(site_.clock.now() + kOneWay * 2);
    if (input.empty() && from_server_.empty() && site_.dirty.empty()) site_.wait();
    BIO_write(SSL_get_rbio(ssl_.get()), from_server_.data(), static_cast<int>(from_server_.size()));
    from_server_.clear();
    if (SSL_is_init_finished(ssl_.get()) == 0) return;
    static std::array<char, 16384> text;
    for (int n = 0; (n = SSL_read(ssl_.get(), text.data(), static_cast<int>(text.size()))) > 0;) {
      take({text.data(), static_cast<std::size_t>(n)});
    }
  }

  Site& site_;
  int status_ = 0;
  std::size_t content_ = 0;
  bool done_ = false;

 private:
  void on_dirty(Connection& connection) noexcept override { site_.dirty.add(connection); }
  void on_done(Connection&) noexcept override {}
  void on_handshake_failed(const Address&, std::string_view) noexcept override {}

  Places places_{1};
  tls::RecordScratch scratch_{site_.clock};
  std::string from_server_;
  tls::SslPtr ssl_;
  Stream* stream_ = nullptr;
  std::unique_ptr<Connection> connection_;
};

class H1Client final : public TcpClient {
 public:
  explicit H1Client(Site& site) : TcpClient(site, "http/1.1") {
    request_.append("GET ").append(kTarget).append(" HTTP/1.1\r\nHost: ").append(kAuthority);
    for (const auto& [name, value] : kFields) {
      request_.append("\r\n").append(name).append(": ").append(value);
    }
    request_ += "\r\n\r\n";
  }

 private:
  void ask() override {
    head_.clear();
    send(request_);
  }
  void take(std::string_view text) override {
    if (status_ == 0) {
      head_ += text;
      const std::size_t end = head_.find("\r\n\r\n");
      if (end == std::string::npos) return;
      status_ = static_cast<int>(number(head_.find(' ') + 1));
      expected_ = number(head_.find("ontent-length: ") + 15);
      content_ = head_.size() - end - 4;
    } else {
      content_ += text.size();
    }
    done_ = content_ >= expected_;
  }
  std::size_t number(std::size_t at) const {
    std::size_t value = 0;
    std::from_chars(head_.data() + at, head_.data() + head_.size(), value);
    return value;
  }

  std::string request_, head_;
  std::size_t expected_ = 0;
};

class H2Client final : public TcpClient {
 public:
  explicit H2Client(Site& site) : TcpClient(site, "h2") {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks,
        [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_bytes,
           const std::uint8_t* value, std::size_t, std::uint8_t, void* user) {
          const std::string_view status(reinterpret_cast<const char*>(name), name_bytes);
          if (status == ":status")
            of(user).status_ = std::atoi(reinterpret_cast<const char*>(value));
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t*,
                      std::size_t bytes, void* user) {
          of(user).content_ += bytes;
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, std::int32_t, std::uint32_t, void* user) {
          of(user).done_ = true;
          return 0;
        });
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    // So wide that no WINDOW_UPDATE is needed, as h2load does.
    constexpr std::int32_t kWindow = (1 << 30) - 1;
    constexpr nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                                   {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
    nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
    add(":method", "GET");
    add(":scheme", "https");
    add(":authority", kAuthority);
    add(":path", kTarget);
    for (const auto& [name, value] : kFields) add(name, value);
  }
  H2Client(const H2Client&) = delete;
  H2Client& operator=(const H2Client&) = delete;
  ~H2Client() override { nghttp2_session_del(session_); }

 private:
  static H2Client& of(void* user) { return *static_cast<H2Client*>(user); }
  static std::uint8_t* bytes_of(std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  }
  void add(std::string_view name, std::string_view value) {
    fields_.push_back(
        {bytes_of(name), bytes_of(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  void send_pending() {
    const std::uint8_t* bytes = nullptr;
    for (nghttp2_ssize n = 0; (n = nghttp2_session_mem_send2(session_, &bytes)) > 0;) {
      send({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(n)});
    }
  }
  void ask() override {
    nghttp2_submit_request2(session_, nullptr, fields_.data(), fields_.size(), nullptr, nullptr);
    send_pending();
  }
  void take(std::string_view text) override {
    nghttp2_session_mem_recv2(session_, bytes_of(text), text.size());
    send_pending();
  }

  nghttp2_session* session_ = nullptr;
  std::vector<nghttp2_nv> fields_;
};

}  // namespace

std::unique_ptr<Client> make_h1_client(Site& site) { return std::make_unique<H1Client>(site); }
std::unique_ptr<Client> make_h2_client(Site& site) { return std::make_unique<H2Client>(site); }

}  // namespace troika::instructions
