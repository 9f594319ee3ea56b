#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "handlers/files/representation.h"
#include "handlers/files/static_site.h"
#include "http/message/body.h"
#include "http/message/message.h"
#include "http/semantics/conditional.h"
#include "http/semantics/range.h"

namespace troika {

// What a request gets of a representation.
struct Selection {
  enum class Kind : std::uint8_t {
    whole,                // 200
    parts,                // 206
    not_modified,         // 304
    precondition_failed,  // 412
    unsatisfiable         // 416
  } kind = Kind::whole;
  std::vector<ByteRange> parts{};  // one or more, of `parts`
  Validators validators{};
};
// Preconditions, then ranges (RFC 9110 §13.2.2). Last-Modified is never later than `now`
// (§8.8.2.1).
Selection select(const Request& request, const Representation& representation, WallTime now);

// The response with a file, without the fields that all responses of the site have.
class FileResponse {
 public:
  // Of 200, 206 and 304; Preparation is done. `varies`: by Accept-Encoding.
  FileResponse(const SiteRequest& scope, const Representation& representation,
               const Selection& selection, bool varies);

  ResponseHead head;
  std::unique_ptr<BodySource> body;  // null: none

 private:
  void add_digest();
  void add_whole();
  void add_parts();
  void add_multipart();

  const SiteRequest& scope_;
  const Representation& representation_;
  const Selection& selection_;
};

// The fields of a 416 (RFC 9110 §15.5.17).
HeaderMap fields_of_unsatisfiable(const Representation& representation, bool varies);

}  // namespace troika
