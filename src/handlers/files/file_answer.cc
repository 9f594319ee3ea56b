#include "handlers/files/file_answer.h"

#include "handlers/files/fields.h"
#include "http/message/date.h"

namespace troika {

ResponseHead head_of_file(const Variant& variant, std::string_view path,
                          const Validators& validators, const SiteOptions& options) {
  auto& kept = variant.file->fields[static_cast<std::size_t>(variant.as())];
  if (kept) return {.status = 200, .headers = *kept};
  ResponseHead head{.status = 200, .headers = {}};
  head.headers.add("content-type", variant.type);
  if (validators.last_modified) {
    head.headers.add("last-modified", format_http_date(*validators.last_modified));
  }
  head.headers.add("etag", validators.etag);
  head.headers.add("cache-control", cache_control_of(options, path));
  head.headers.add("x-content-type-options", "nosniff");
  if (!variant.is_live()) head.headers.add("accept-ranges", "bytes");
  if (variant.coding != Coding::identity) {
    head.headers.add("content-encoding", name_of(variant.coding));
  }
  if (variant.file->is_tagged()) kept = head.headers;
  return head;
}

ResponseHead head_not_modified(std::string_view path, const Validators& validators,
                               const SiteOptions& options) {
  ResponseHead head{.status = 304, .headers = {}};
  head.headers.add("etag", validators.etag);
  head.headers.add("cache-control", cache_control_of(options, path));
  return head;
}

}  // namespace troika
