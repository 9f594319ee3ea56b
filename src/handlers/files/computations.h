#pragma once
#include "base/buffer.h"
#include "handlers/files/awaited.h"
#include "handlers/files/cached_file.h"
#include "handlers/files/derived.h"
#include "ports/background.h"

namespace troika {

// Both work on the thread pool and finish the file's Awaited, which the caller has claimed, or stop
// early when nobody waits any more. They fail when the file cannot be read as a whole, as it was
// when it was opened.

// file->derived()->digest; one that is the file's tag goes into `known` as well. `place` is held
// until then.
void compute_digest(Background& background, Ref<CachedFile> file, Ref<DigestTable> known,
                    LivePlace place);
// file->derived()->encoded[coding]; the pool is the worker's.
void compute_encoded(Background& background, BufferPool& pool, Ref<CachedFile> file, Coding coding);

}  // namespace troika
