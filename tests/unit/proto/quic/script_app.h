#pragma once
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/quic/application.h"

namespace troika::test {

using quic::AppError;
using quic::StreamId;

// Bytes that differ from place to place, so that a shift or a swap shows.
inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : text) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return text;
}

// As HTTP/3's.
inline quic::ApplicationTraits script_traits() {
  return {.alpn = "h3", .no_error = 0x100, .uni_streams = 3};
}

// Applications of one side and what they have lived through; outlives them.
class ScriptApp;
struct ScriptLog {
  std::vector<ScriptApp*> alive;
  int made = 0, aborted = 0, ready = 0, handshakes = 0;
  std::optional<quic::AppError> ended_with;  // of the last connection that did
};

// Stands in for HTTP/3 on a connection. As a server it answers "send N" by N bytes of pattern() and
// everything else by itself; as a client it asks such things.
class ScriptApp final : public quic::QuicApplication {
 public:
  struct In {
    std::string bytes;
    bool fin = false;
    std::optional<AppError> reset, closed_code;
    bool closed = false;
  };

  ScriptApp(quic::QuicStreams& streams, bool server, ScriptLog& log)
      : quic(streams), server_(server), log_(log) {
    ++log_.made;
    log_.alive.push_back(this);
  }
  ScriptApp(const ScriptApp&) = delete;
  ScriptApp& operator=(const ScriptApp&) = delete;
  ~ScriptApp() override { std::erase(log_.alive, this); }

  quic::QuicStreams& quic;
  std::map<StreamId, In> in;
  std::vector<std::string> asks;  // client: one stream each, opened in the coming flush
  std::vector<StreamId> asked;
  bool grant_credit = true, fail_on_data = false, finish_on_drain = true;
  bool drained = false;
  int shuts = 0, blocks = 0, streams_available = 0;
  std::uint64_t acked_bytes = 0;
  TimePoint wake = kNever;
  int deadlines = 0;

  void ask(std::string text) {
    asks.push_back(std::move(text));
    quic.mark_writable();
  }
  const In& answer(std::size_t i = 0) { return in[asked.at(i)]; }
  bool answered(std::size_t count) {
    return asked.size() >= count &&
           std::ranges::all_of(asked, [this](StreamId s) { return in[s].fin || in[s].closed; });
  }
  std::size_t unfinished() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(out_, [](const auto& each) { return !each.second.done(); }));
  }

  Status on_ready() override {
    ++log_.ready;
    ready_ = true;
    return {};
  }
  Status on_handshake_done(TimePoint) override {
    ++log_.handshakes;
    return {};
  }
  Status on_data(StreamId stream, std::span<const std::byte> bytes, bool fin, bool,
                 TimePoint) override {
    if (fail_on_data) return fail(ErrorCode::protocol, "the script says so");
    In& to = in[stream];
    to.bytes.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    to.fin = to.fin || fin;
    if (grant_credit) quic.extend_credit(stream, bytes.size());
    if (server_ && fin && quic::is_bidi(stream)) respond(stream, to.bytes);
    return {};
  }
  Status on_acked(StreamId stream, std::uint64_t bytes) override {
    CHECK(out_.contains(stream));
    acked_bytes += bytes;
    return {};
  }
  Status on_reset(StreamId stream, AppError code) override {
    in[stream].reset = code;
    return {};
  }
  Status on_stop_sending(StreamId, AppError) override { return {}; }
  Status on_stream_closed(StreamId stream, std::optional<AppError> code) override {
    in[stream].closed = true;
    in[stream].closed_code = code;
    out_.erase(stream);
    if (server_ && quic::is_bidi(stream)) quic.extend_peer_bidi_streams(1);
    return {};
  }
  void on_streams_available() override { ++streams_available; }

  Status apply(TimePoint) override {
    while (ready_ && !asks.empty()) {
      const Result<StreamId> stream = quic.open_bidi();
      if (!stream) break;
      write(*stream, asks.front(), true);
      asked.push_back(*stream);
      asks.erase(asks.begin());
    }
    return {};
  }
  // Sends without being asked.
  void write(StreamId stream, std::string bytes, bool fin) {
    out_.insert_or_assign(stream, Out{std::move(bytes), fin});
    quic.mark_writable();
  }

  Result<quic::StreamWrite> next_write() override {
    // Streams take turns.
    auto next = out_.upper_bound(last_);
    for (std::size_t i = 0; i < out_.size(); ++i, ++next) {
      if (next == out_.end()) next = out_.begin();
      Out& out = next->second;
      if (out.done() || out.blocked) continue;
      last_ = next->first;
      piece_ = {.iov_base = out.bytes.data() + out.sent, .iov_len = out.bytes.size() - out.sent};
      return quic::StreamWrite{last_, {&piece_, 1}, out.fin};
    }
    return quic::StreamWrite{};
  }
  Status wrote(StreamId stream, std::size_t bytes, TimePoint) override {
    Out& out = out_.at(stream);
    out.sent += bytes;
    out.fin_sent = out.fin && out.sent == out.bytes.size();
    return {};
  }
  void blocked(StreamId stream) override {
    ++blocks;
    out_.at(stream).blocked = true;
  }
  Status on_writable(StreamId stream) override {
    if (const auto found = out_.find(stream); found != out_.end()) found->second.blocked = false;
    return {};
  }
  Status shut(StreamId stream) override {
    ++shuts;
    out_.at(stream).shut = true;
    return {};
  }
  AppError close_code() const noexcept override { return 0x10e; }

  TimePoint deadline() const noexcept override { return wake; }
  void on_deadline(TimePoint) override {
    wake = kNever;
    ++deadlines;
  }
  void drain() override { drained = true; }
  bool finished() const noexcept override { return drained && finish_on_drain && idle(); }
  bool idle() const noexcept override { return unfinished() == 0; }
  void abort(std::optional<quic::AppError> code) noexcept override {
    ++log_.aborted;
    log_.ended_with = code;
  }

 private:
  struct Out {
    std::string bytes;
    bool fin = false;
    std::size_t sent = 0;
    bool fin_sent = false, blocked = false, shut = false;
    bool done() const { return shut || (sent == bytes.size() && fin_sent == fin); }
  };

  void respond(StreamId stream, const std::string& request) {
    if (request.starts_with("send "))
      return write(stream, pattern(std::stoul(request.substr(5))), true);
    write(stream, request, true);
  }

  bool server_, ready_ = false;
  ScriptLog& log_;
  std::map<StreamId, Out> out_;
  StreamId last_ = quic::kNoStream;
  iovec piece_{};
};

}  // namespace troika::test
