#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/quic/application.h"

namespace troika::test {

using quic::AppError;
using quic::StreamId;

// Bytes that differ from place to place, so that a shift or a swap shows.
std::string pattern(std::size_t size);

// As HTTP/3's.
quic::ApplicationTraits script_traits();

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

  ScriptApp(quic::QuicStreams& streams, bool server, ScriptLog& log);
  ScriptApp(const ScriptApp&) = delete;
  ScriptApp& operator=(const ScriptApp&) = delete;
  ~ScriptApp() override;

  quic::QuicStreams& quic;
  std::map<StreamId, In> in;
  std::vector<std::string> asks;  // client: one stream each, opened in the coming flush
  std::vector<StreamId> asked;
  bool grant_credit = true, fail_on_data = false, finish_on_drain = true;
  bool drained = false;
  int shuts = 0, blocks = 0, streams_available = 0;
  std::uint64_t acked_bytes = 0;
  std::uint64_t told_written = 0, told_acked = 0;  // calls
  TimePoint wake = kNever;
  int deadlines = 0;

  void ask(std::string text);
  const In& answer(std::size_t i = 0) { return in[asked.at(i)]; }
  bool answered(std::size_t count);
  std::size_t unfinished() const;

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
                 TimePoint) override;
  Status on_acked(StreamId stream, std::uint64_t bytes) override;
  Status on_reset(StreamId stream, AppError code) override {
    in[stream].reset = code;
    return {};
  }
  Status on_stop_sending(StreamId, AppError) override { return {}; }
  Status on_stream_closed(StreamId stream, std::optional<AppError> code) override;
  void on_streams_available() override { ++streams_available; }

  Status apply(TimePoint) override;
  // Sends without being asked.
  void write(StreamId stream, std::string bytes, bool fin);

  Result<quic::StreamWrite> next_write() override;
  Status wrote(StreamId stream, std::size_t bytes, TimePoint) override;
  void blocked(StreamId stream) override;
  Status on_writable(StreamId stream) override;
  Status shut(StreamId stream) override;
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

  void respond(StreamId stream, const std::string& request);

  bool server_, ready_ = false;
  ScriptLog& log_;
  std::map<StreamId, Out> out_;
  StreamId last_ = quic::kNoStream;
  iovec piece_{};
};

}  // namespace troika::test
