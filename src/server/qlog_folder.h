#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "base/error.h"
#include "base/time.h"
#include "config/config.h"
#include "os/fd.h"
#include "os/writer_thread.h"
#include "proto/quic/qlog.h"

namespace troika {

inline constexpr std::string_view kQlogSuffix = ".sqlog";

// Bytes of all log files in the folder, whatever process made them.
std::uint64_t bytes_of_qlogs(int folder) noexcept;

// The file of one log, used on the writing thread.
class QlogFile {
 public:
  explicit QlogFile(std::string name) : name_(std::move(name)) {}

  // The first call creates the file in `folder`. Returns 0, or an errno: then none of `records` is
  // in the file, and later calls write nothing, as a log with a gap would mislead.
  int write(int folder, std::string_view records) noexcept;

 private:
  bool write_all(std::string_view records) noexcept;  // false: see errno

  std::string name_;
  Fd fd_;
  off_t written_ = 0;
  int error_ = 0;
};

// The qlog files in one folder, one per logged connection, written by its own thread. Logging never
// waits: when the disk is too slow or full, a log ends early, after a whole record. No log begins
// while there is no room for a whole file, until some have been removed. Shared by all workers;
// outlives every log.
class QlogFolder {
 public:
  struct Counters {
    std::uint64_t opened = 0;
    std::uint64_t refused = 0;  // too many were open, or the folder was full
    std::uint64_t cut = 0;      // ended early
  };

  // The error is one sentence.
  static Checked<std::unique_ptr<QlogFolder>> make(const std::string& path, QlogLimits limits);
  QlogFolder(const QlogFolder&) = delete;
  QlogFolder& operator=(const QlogFolder&) = delete;
  ~QlogFolder();

  // From any thread. False, counted as refused: too many are open, or the folder is full; the
  // caller need not produce a log. It reserves nothing.
  bool has_room();
  // From any thread. Null: no room. The sink is used by one thread at a time.
  std::unique_ptr<quic::QlogSink> open(std::span<const std::uint8_t> id);
  Counters counters() const;
  // Sets where to report, once per reason, that a log is missing or ends early; what `say` refers
  // to outlives this object.
  void set_notices(WriterThread::Say say);

 private:
  struct Log;
  struct State;
  class Sink;

  QlogFolder(std::string path, Fd folder, QlogLimits limits);

  std::shared_ptr<State> state_;  // shared with the thread, which may outlive this object
  std::thread thread_;
};

// Chooses and opens the logs of one worker's connections. `folder` and `random` outlive it.
class QlogChoice final : public quic::QlogSource {
 public:
  QlogChoice(QlogFilter filter, QlogFolder& folder, Random& random)
      : filter_(filter), folder_(folder), random_(random) {}

  bool wants(const Address& remote) override {
    return filter_.wants(remote, random_) && folder_.has_room();
  }
  std::unique_ptr<quic::QlogSink> open(std::span<const std::uint8_t> id, const Address&) override {
    return folder_.open(id);
  }

 private:
  const QlogFilter filter_;
  QlogFolder& folder_;
  Random& random_;
};

}  // namespace troika
