#pragma once
#include <sys/stat.h>

#include <string>
#include <string_view>

#include "base/result.h"
#include "ports/file_reader.h"

namespace troika {

// Both block, and use the descriptors as they are: a thread of the pool may call them while the
// owner of the descriptors keeps them open.

// OpenFile::list. Each call reads the folder from its beginning, however many there are at a time.
Status list_folder(int folder, const OpenFile::Visitor& visit);

// OpenFile::look_at. `path` is where the folder is beneath the root.
Result<struct stat> look_into_folder(int folder, std::string_view name, int root,
                                     const std::string& path);

}  // namespace troika
