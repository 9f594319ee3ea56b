#pragma once
#include "base/buffer.h"
#include "handlers/static/cached_file.h"
#include "net/background.h"

namespace troika {

// Both work on the thread pool and finish the file's Awaited, which the caller has claimed, or stop
// early when nobody waits any more. They fail when the file cannot be read as a whole, as it was
// when it was opened.

// file->derived()->digest
void compute_digest(Background& background, Ref<CachedFile> file);
// file->derived()->encoded[coding]; the pool is the worker's.
void compute_encoded(Background& background, BufferPool& pool, Ref<CachedFile> file, Coding coding);

}  // namespace troika
