#include "server/qlog_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "os/writer_thread.h"

namespace troika {

std::uint64_t bytes_of_qlogs(int folder) noexcept {
  // A separate open file description: the read position belongs to it.
  Fd fd(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, int (*)(DIR*)> list(fdopendir(fd.get()), closedir);
  if (list == nullptr) return 0;
  static_cast<void>(fd.release());  // owned by the list
  std::uint64_t bytes = 0;
  while (const dirent* const entry = readdir(list.get())) {
    struct stat info{};
    if (!std::string_view(entry->d_name).ends_with(kQlogSuffix)) continue;
    if (fstatat(folder, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(info.st_mode)) bytes += static_cast<std::uint64_t>(info.st_size);
  }
  return bytes;
}

int QlogFile::write(int folder, std::string_view records) noexcept {
  if (error_ != 0 || records.empty()) return error_;
  // The logs contain tokens and reset tokens, so only the owner may read them. A client chooses the
  // name, so an existing file is never opened.
  if (!fd_) fd_ = Fd(openat(folder, name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (fd_ && write_all(records)) {
    written_ += static_cast<off_t>(records.size());
    return 0;
  }
  error_ = errno;
  if (fd_ && ftruncate(fd_.get(), written_) != 0) error_ = errno;
  return error_;
}

bool QlogFile::write_all(std::string_view records) noexcept {
  while (!records.empty()) {
    const ssize_t n = ::write(fd_.get(), records.data(), records.size());
    if (n >= 0) {
      records.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

namespace {

// Why a log is missing or incomplete.
enum class Lack : std::uint8_t { files, waiting, size, folder, disk };

std::string file_name(std::span<const std::uint8_t> id) {
  std::string name;
  for (const std::uint8_t byte : id) name += formatted("{:02x}", byte);
  return name.append(kQlogSuffix);
}

}  // namespace

struct QlogFolder::Log {
  explicit Log(std::string name) : file(std::move(name)) {}

  QlogFile file;  // used by the thread only; the rest is under the lock
  std::string waiting;
  std::size_t unwritten = 0;  // `waiting`, and the thread's portion
  std::size_t bytes = 0;      // queued so far
  bool queued = false;        // in `ready`
  bool closed = false;        // the connection has ended
  bool cut = false;
};

struct QlogFolder::State {
  State(std::string p, Fd fd, QlogLimits o)
      : path(std::move(p)), folder(std::move(fd)), limits(o), bytes(bytes_of_qlogs(folder.get())) {}

  // The part of a log that the thread writes at once.
  struct Portion {
    Log* log;
    std::string records;
    bool last;
  };

  void run();
  void write(const Portion& portion);
  void count_again();

  // The caller holds the lock.
  std::vector<Portion> take_ready();
  bool has_room();
  bool refuse(Lack why);
  void queue(Log& log);
  void cut(Log& log, Lack why, int error = 0);
  void tell(Lack what, int error = 0);

  const std::string path;
  const Fd folder;
  const QlogLimits limits;

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::list<Log> logs;  // until they are closed and written
  std::vector<Log*> ready;
  std::uint64_t bytes;       // of all files, including unwritten ones
  bool count_asked = false;  // some files may have been removed
  std::optional<std::chrono::steady_clock::time_point> counted;  // used by the thread only
  Counters counters;
  WriterThread::Say say;  // empty: nobody listens
  std::array<bool, 5> told{};
  bool stopping = false, stopped = false;
};

class QlogFolder::Sink final : public quic::QlogSink {
 public:
  Sink(State& state, Log& log) : state_(state), log_(log) {}
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink() override {
    const std::lock_guard lock(state_.mutex);
    log_.closed = true;
    state_.queue(log_);
  }

  void write(std::span<const std::byte> records) noexcept override {
    const std::lock_guard lock(state_.mutex);
    const std::size_t size = records.size();
    if (log_.cut) return;
    if (log_.unwritten + size > state_.limits.waiting) return state_.cut(log_, Lack::waiting);
    if (log_.bytes + size > state_.limits.file_bytes) return state_.cut(log_, Lack::size);
    if (state_.bytes + size > state_.limits.folder_bytes) return state_.cut(log_, Lack::folder);
    log_.waiting.append(reinterpret_cast<const char*>(records.data()), size);
    log_.unwritten += size;
    log_.bytes += size;
    state_.bytes += size;
    state_.queue(log_);
  }

 private:
  State& state_;
  Log& log_;
};

Checked<std::unique_ptr<QlogFolder>> QlogFolder::make(const std::string& path, QlogLimits limits) {
  Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || faccessat(folder.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    return std::unexpected(
        formatted("cannot write qlog files into {}: {}; give --qlog an existing folder "
                  "that this user can write to",
                  path, std::strerror(errno)));
  }
  return std::unique_ptr<QlogFolder>(new QlogFolder(path, std::move(folder), limits));
}

QlogFolder::QlogFolder(std::string path, Fd folder, QlogLimits limits)
    : state_(std::make_shared<State>(std::move(path), std::move(folder), limits)),
      thread_([state = state_] { state->run(); }) {}

QlogFolder::~QlogFolder() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
  const bool stopped = state_->changed.wait_for(lock, state_->limits.last_chance,
                                                [this] { return state_->stopped; });
  state_->say = {};
  lock.unlock();
  stopped ? thread_.join() : thread_.detach();  // write() may block for ever on a lost disk
}

bool QlogFolder::has_room() {
  const std::lock_guard lock(state_->mutex);
  return state_->has_room();
}

std::unique_ptr<quic::QlogSink> QlogFolder::open(std::span<const std::uint8_t> id) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->has_room()) return nullptr;
  ++state_->counters.opened;
  return std::make_unique<Sink>(*state_, state_->logs.emplace_back(file_name(id)));
}

QlogFolder::Counters QlogFolder::counters() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counters;
}

void QlogFolder::set_notices(WriterThread::Say say) {
  const std::lock_guard lock(state_->mutex);
  state_->say = std::move(say);
}

bool QlogFolder::State::has_room() {
  if (logs.size() >= limits.files) return refuse(Lack::files);
  if (bytes + limits.file_bytes <= limits.folder_bytes) return true;
  count_asked = true;
  changed.notify_all();
  return refuse(Lack::folder);
}

bool QlogFolder::State::refuse(Lack why) {
  ++counters.refused;
  tell(why);
  return false;
}

void QlogFolder::State::queue(Log& log) {
  if (std::exchange(log.queued, true)) return;
  ready.push_back(&log);
  changed.notify_all();
}

void QlogFolder::State::cut(Log& log, Lack why, int error) {
  log.cut = true;
  ++counters.cut;
  tell(why, error);
}

void QlogFolder::State::tell(Lack what, int error) {
  if (std::exchange(told[static_cast<std::size_t>(what)], true) || !say) return;
  const auto reason = [&]() -> std::string {
    switch (what) {
      case Lack::files:
        return formatted(
            "more than {} connections at a time: some go without a log; "
            "select connections with --qlog-only",
            limits.files);
      case Lack::waiting: return "the disk is too slow: the log of a connection ends early";
      case Lack::size:
        return formatted("the log of a connection ends at {} bytes", limits.file_bytes);
      case Lack::folder:
        return formatted(
            "its files reach the limit of {} bytes: logs are missing or end early until some "
            "files are removed",
            limits.folder_bytes);
      case Lack::disk: break;
    }
    return formatted("the log of a connection ends early: {}", std::strerror(error));
  };
  say(formatted("qlog in {}: {} (reported once)", path, reason()));
}

void QlogFolder::State::run() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);  // only threads with a loop handle signals
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return stopping || count_asked || !ready.empty(); });
    const bool count = std::exchange(count_asked, false);
    const std::vector<Portion> batch = take_ready();
    if (stopping && batch.empty()) break;
    lock.unlock();
    for (const Portion& portion : batch) write(portion);
    if (count) count_again();
    lock.lock();
  }
  stopped = true;
  changed.notify_all();
}

std::vector<QlogFolder::State::Portion> QlogFolder::State::take_ready() {
  std::vector<Portion> batch;
  for (Log* const log : std::exchange(ready, {})) {
    log->queued = false;
    batch.push_back({log, std::exchange(log->waiting, {}), log->closed});
  }
  return batch;
}

void QlogFolder::State::count_again() {
  const auto now = std::chrono::steady_clock::now();
  if (counted && now - *counted < limits.count_again) return;
  counted = now;
  const std::uint64_t written = bytes_of_qlogs(folder.get());  // only this thread writes
  const std::lock_guard lock(mutex);
  bytes = written;
  for (const Log& log : logs) bytes += log.unwritten;
}

void QlogFolder::State::write(const Portion& portion) {
  Log& log = *portion.log;
  const int error = log.file.write(folder.get(), portion.records);
  std::list<Log> done;  // closed without the lock: close() may wait for the disk
  const std::lock_guard lock(mutex);
  log.unwritten -= portion.records.size();
  if (error != 0 && !log.cut) cut(log, Lack::disk, error);
  if (!portion.last) return;
  const auto here = [&log](const Log& each) { return &each == &log; };
  done.splice(done.begin(), logs, std::ranges::find_if(logs, here));
}

}  // namespace troika
