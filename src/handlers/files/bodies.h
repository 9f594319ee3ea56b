#pragma once
#include <memory>
#include <vector>

#include "handlers/files/cached_file.h"
#include "handlers/live_count.h"
#include "http/message/body.h"

namespace troika {

// `content`, shared with whoever else has it, and `place`, held as long as the body lives.
std::unique_ptr<BodySource> content_body(Content content, LivePlace place = {});
// `content`, which is kept with `file`: as long as it is sent it counts as the file's.
std::unique_ptr<BodySource> content_body(Content content, Ref<CachedFile> file);

// `size` bytes of a file from an offset: out of memory when it is kept there.
std::unique_ptr<BodySource> file_body(FileReader& files, const Ref<CachedFile>& file,
                                      std::uint64_t offset, std::uint64_t size);

// One body after another. Each must know its length.
std::unique_ptr<BodySource> joined_body(std::vector<std::unique_ptr<BodySource>> parts);

}  // namespace troika
