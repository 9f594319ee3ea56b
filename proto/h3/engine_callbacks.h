#pragma once
#include <nghttp3/nghttp3.h>

#include <cstddef>
#include <cstdint>

namespace troika::h3 {

// nghttp3's callbacks for an Engine: each finds its EngineStream and passes the event on.
struct EngineCallbacks {
  static nghttp3_callbacks table() noexcept;
  static nghttp3_ssize read_data(nghttp3_conn* conn, std::int64_t id, nghttp3_vec* vectors,
                                 std::size_t count, std::uint32_t* flags, void* engine,
                                 void* stream);
  static int begin_headers(nghttp3_conn* conn, std::int64_t id, void* engine, void* stream);
  static int recv_header(nghttp3_conn* conn, std::int64_t id, std::int32_t token,
                         nghttp3_rcbuf* name, nghttp3_rcbuf* value, std::uint8_t flags,
                         void* engine, void* stream);
  static int end_headers(nghttp3_conn* conn, std::int64_t id, int fin, void* engine, void* stream);
  static int recv_trailer(nghttp3_conn* conn, std::int64_t id, std::int32_t token,
                          nghttp3_rcbuf* name, nghttp3_rcbuf* value, std::uint8_t flags,
                          void* engine, void* stream);
  static int recv_data(nghttp3_conn* conn, std::int64_t id, const std::uint8_t* data,
                       std::size_t size, void* engine, void* stream);
  static int end_stream(nghttp3_conn* conn, std::int64_t id, void* engine, void* stream);
  static int acked_stream_data(nghttp3_conn* conn, std::int64_t id, std::uint64_t bytes,
                               void* engine, void* stream);
  static int deferred_consume(nghttp3_conn* conn, std::int64_t id, std::size_t bytes, void* engine,
                              void* stream);
  static int stop_sending(nghttp3_conn* conn, std::int64_t id, std::uint64_t code, void* engine,
                          void* stream);
  static int reset_stream(nghttp3_conn* conn, std::int64_t id, std::uint64_t code, void* engine,
                          void* stream);
  static int recv_settings(nghttp3_conn* conn, const nghttp3_proto_settings* settings,
                           void* engine);
  static int shutdown(nghttp3_conn* conn, std::int64_t id, void* engine);
};

}  // namespace troika::h3
