#pragma once
#include <nghttp3/nghttp3.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>

#include "base/random.h"
#include "proto/h3/engine_stream.h"

namespace troika::h3 {

// nghttp3's callbacks. The user data is the `Engine`, and the EngineStream for those of a stream;
// each passes the event on.
template <class Engine>
struct EngineCallbacks {
  static nghttp3_callbacks table() noexcept {
    nghttp3_callbacks table{};
    table.acked_stream_data = acked_stream_data;
    table.recv_data = recv_data;
    table.deferred_consume = deferred_consume;
    table.begin_headers = begin_headers;
    table.recv_header = recv_field;
    table.end_headers = end_headers;
    table.begin_trailers = begin_trailers;
    table.recv_trailer = recv_field;
    table.stop_sending = stop_sending;
    table.end_stream = end_stream;
    table.reset_stream = reset_stream;
    table.shutdown = shutdown;
    table.recv_settings2 = recv_settings;
    // For the seed of a hash table. It has no visible effect, so it may differ between two runs.
    table.rand = [](std::uint8_t* into, std::size_t size) {
      SystemRandom().fill(std::as_writable_bytes(std::span(into, size)));
    };
    return table;
  }

  static nghttp3_ssize read_data(nghttp3_conn*, std::int64_t, nghttp3_vec* vectors,
                                 std::size_t count, std::uint32_t* flags, void* engine,
                                 void* stream) {
    return of(engine).writer_.read_data(stream_of(stream), {vectors, count}, *flags);
  }

 private:
  static Engine& of(void* engine) noexcept { return *static_cast<Engine*>(engine); }
  static EngineStream& stream_of(void* stream) noexcept {
    return *static_cast<EngineStream*>(stream);
  }
  static std::string_view text_of(const nghttp3_rcbuf* buffer) noexcept {
    const nghttp3_vec bytes = nghttp3_rcbuf_get_buf(buffer);
    return {reinterpret_cast<const char*>(bytes.base), bytes.len};
  }

  // The first callback for a request on the server: a stream of the peer has no user data before.
  static int begin_headers(nghttp3_conn* conn, std::int64_t id, void* engine, void* stream) {
    if (stream != nullptr) return 0;
    EngineStream* found = of(engine).owner_.find(id);
    if (found == nullptr) return NGHTTP3_ERR_CALLBACK_FAILURE;
    return nghttp3_conn_set_stream_user_data(conn, id, found);
  }

  static int begin_trailers(nghttp3_conn*, std::int64_t, void*, void* stream) {
    stream_of(stream).on_trailers_begin();
    return 0;
  }

  // nghttp3 enforces no limit, and cannot skip the rest of a section.
  static int recv_field(nghttp3_conn*, std::int64_t, std::int32_t, nghttp3_rcbuf* name,
                        nghttp3_rcbuf* value, std::uint8_t, void* engine, void* stream) {
    if (stream_of(stream).on_field(text_of(name), text_of(value))) return 0;
    std::ignore = of(engine).fail_with(NGHTTP3_H3_EXCESSIVE_LOAD, "far too many fields");
    return NGHTTP3_ERR_CALLBACK_FAILURE;
  }

  static int end_headers(nghttp3_conn*, std::int64_t, int fin, void*, void* stream) {
    stream_of(stream).on_fields_end(fin != 0);
    return 0;
  }

  static int recv_data(nghttp3_conn*, std::int64_t, const std::uint8_t* data, std::size_t size,
                       void* engine, void* stream) {
    of(engine).unread_ += size;
    stream_of(stream).unconsumed_ += size;
    stream_of(stream).on_data(std::as_bytes(std::span(data, size)));
    return 0;
  }

  static int end_stream(nghttp3_conn*, std::int64_t, void*, void* stream) {
    stream_of(stream).end_reading();
    stream_of(stream).on_end();
    return 0;
  }

  static int acked_stream_data(nghttp3_conn*, std::int64_t, std::uint64_t bytes, void* engine,
                               void* stream) {
    const auto count = static_cast<std::size_t>(bytes);
    of(engine).writer_.acknowledge(stream_of(stream), count);
    stream_of(stream).on_body_acked(count);
    return 0;
  }

  static int deferred_consume(nghttp3_conn*, std::int64_t id, std::size_t bytes, void* engine,
                              void*) {
    if (of(engine).closing_) {
      of(engine).quic_.extend_connection_credit(bytes);
    } else {
      of(engine).quic_.extend_credit(id, bytes);
    }
    return 0;
  }

  // A stream of unknown type, or a request past our GOAWAY.
  static int stop_sending(nghttp3_conn*, std::int64_t id, std::uint64_t code, void* engine, void*) {
    of(engine).quic_.shutdown_read(id, code);
    of(engine).quic_.mark_writable();
    return 0;
  }

  static int reset_stream(nghttp3_conn*, std::int64_t id, std::uint64_t code, void* engine, void*) {
    if (EngineStream* found = of(engine).owner_.find(id)) found->on_rejected();
    of(engine).quic_.shutdown_write(id, code);
    of(engine).quic_.mark_writable();
    return 0;
  }

  static int recv_settings(nghttp3_conn*, const nghttp3_proto_settings* settings, void* engine) {
    const bool accepted =
        of(engine).owner_.accepts({.field_section = settings->max_field_section_size,
                                   .qpack_table = settings->qpack_max_dtable_capacity,
                                   .qpack_blocked = settings->qpack_blocked_streams,
                                   .takes_tunnels = settings->enable_connect_protocol != 0});
    if (accepted) return 0;
    std::ignore = of(engine).fail_with(NGHTTP3_H3_SETTINGS_ERROR,
                                       "the server's limits are below those of before");
    return NGHTTP3_ERR_CALLBACK_FAILURE;
  }

  static int shutdown(nghttp3_conn*, std::int64_t id, void* engine) {
    of(engine).owner_.on_goaway(id);
    return 0;
  }
};

}  // namespace troika::h3
