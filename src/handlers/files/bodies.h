#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "handlers/files/admission.h"
#include "handlers/files/cached_file.h"
#include "http/message/body.h"
#include "ports/file_reader.h"

namespace troika {

// `size` bytes of an open file from an offset. A file that shrinks while it is sent ends in an
// error, never in padding; of a file that grows, only the declared size is sent.
class FileBody final : public BodySource {
 public:
  FileBody(FileReader& reader, Ref<CachedFile> file, std::uint64_t offset, std::uint64_t size)
      : reader_(reader), file_(std::move(file)), left_(size), offset_(offset) {}

  Result<Pulled> pull(std::size_t max_bytes) override;
  void set_waker(Waker* waker) noexcept override { waker_ = waker; }
  void prefer(const Pieces& pieces) noexcept override { preferred_ = pieces; }
  void expect(std::size_t bytes) noexcept override { expected_ = bytes; }
  std::size_t held() const noexcept override { return sizeof(*this) + ready_.slab_bytes(); }
  void stop(AbortReason reason) noexcept override;
  std::optional<std::uint64_t> remaining() const noexcept override { return left_; }

 private:
  void read(std::size_t max_bytes);
  void on_read(Result<Slice> bytes);

  FileReader& reader_;
  Ref<CachedFile> file_;
  // The last read. Not freed when it is done, which is inside its own callback.
  std::unique_ptr<Operation> operation_;
  Waker* waker_ = nullptr;
  Pieces preferred_;
  std::size_t expected_ = kMaxPull;  // what the reader can pass on
  Pieces pieces_;                    // of ready_
  Slice ready_;                      // read and not yet pulled, with its gaps
  std::size_t piece_left_ = 0;       // of the piece at the front of ready_; 0: there is its gap
  std::uint64_t left_;               // not yet pulled
  std::uint64_t offset_;             // of the next read
  std::optional<Error> failed_;
  bool reading_ = false;
  bool blocked_ = false;  // the reader got `blocked` and waits to be woken
};

// `content`, shared with its other owners, and `permit`, held as long as the body lives.
std::unique_ptr<BodySource> content_body(Content content, Permit permit = {});
// `content`, which is kept with `file`: while it is sent, it counts as the file's.
std::unique_ptr<BodySource> content_body(Content content, Ref<CachedFile> file);

// `size` bytes of a file from an offset: from memory when the file is kept there.
std::unique_ptr<BodySource> file_body(FileReader& files, const Ref<CachedFile>& file,
                                      std::uint64_t offset, std::uint64_t size);

// A body of unknown length that is not pulled, for a response to HEAD.
std::unique_ptr<BodySource> unsized_body();

// Several bodies in sequence, each made when the one before it has ended; null: there is no more.
// `size`: of all of them together.
std::unique_ptr<BodySource> joined_body(std::move_only_function<std::unique_ptr<BodySource>()> next,
                                        std::uint64_t size);

}  // namespace troika
