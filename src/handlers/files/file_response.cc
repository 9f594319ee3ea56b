#include "handlers/files/file_response.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "handlers/compress/compress_body.h"
#include "handlers/compress/encoder.h"
#include "handlers/digest.h"
#include "handlers/files/bodies.h"
#include "handlers/files/fields.h"
#include "http/message/date.h"
#include "http/message/error_response.h"

namespace troika {
namespace {

// In an entity tag: a precompressed file is another file, a live coder another form of the same
// one.
std::string_view tag_ending(Coding coding, bool live) noexcept {
  switch (coding) {
    case Coding::br: return live ? "+br" : ".br";
    case Coding::zstd: return live ? "+zst" : ".zst";
    case Coding::gzip: return live ? "+gz" : ".gz";
    default: return "";
  }
}

std::string_view etag_of(const Representation& representation) {
  return representation.file->etag(representation.as(),
                                   tag_ending(representation.coding, representation.is_live()));
}

Validators validators_of(const Representation& representation, WallTime now) {
  const CachedFile& file = *representation.file;
  Validators validators{.etag = etag_of(representation)};
  if (file.is_dated()) {
    validators.last_modified =
        std::min(file.file().info().st_mtim.tv_sec, std::chrono::system_clock::to_time_t(now));
  }
  return validators;
}

// Room for the fields that all responses get, so that adding them does not allocate.
constexpr std::size_t kMoreFields = 6, kMoreBytes = 160;

// Made once for each file and way of serving it, then copied.
HeaderMap fields_of_file(const Representation& representation, std::string_view name,
                         const Validators& validators, const SiteOptions& options) {
  auto& kept = representation.file->fields[static_cast<std::size_t>(representation.as())];
  HeaderMap fields;
  if (kept) {
    fields.reserve(kept->size() + kMoreFields, kept->text_size() + kMoreBytes);
    fields.add(*kept);
    return fields;
  }
  fields.add("content-type", representation.type);
  if (validators.last_modified) {
    fields.add("last-modified", format_http_date(*validators.last_modified));
  }
  fields.add("etag", validators.etag);
  fields.add("cache-control", cache_control_of(options, name));
  fields.add("x-content-type-options", "nosniff");
  if (!representation.is_live()) fields.add("accept-ranges", "bytes");
  if (representation.coding != Coding::identity) {
    fields.add("content-encoding", name_of(representation.coding));
  }
  // Not with a tag that is for now only: the file's own may have become known meanwhile.
  const bool own = representation.file->is_tagged() && validators.etag == etag_of(representation);
  if (own) kept = fields;
  return fields;
}

// RFC 9110 §15.4.5.
HeaderMap fields_of_not_modified(std::string_view name, const Validators& validators,
                                 const SiteOptions& options) {
  HeaderMap fields;
  fields.reserve(2 + kMoreFields, 2 * kMoreBytes);
  fields.add("etag", validators.etag);
  fields.add("cache-control", cache_control_of(options, name));
  return fields;
}

std::string content_range(const ByteRange& part, std::uint64_t size) {
  return formatted("bytes {}-{}/{}", part.first, part.last, size);
}

// The bodies that multipart/byteranges consists of: in front of each part its head, and an end.
struct ByteRanges {
  BufferPool& pool;
  FileReader& files;
  Ref<CachedFile> file;
  std::string_view type;
  std::string boundary;
  std::vector<ByteRange> parts;
  std::size_t next = 0;

  std::string head_of(std::size_t part) const {
    const std::string_view line_end = part == 0 ? "" : "\r\n";
    if (part == parts.size()) return formatted("{}--{}--\r\n", line_end, boundary);
    return formatted("{}--{}\r\ncontent-type: {}\r\ncontent-range: {}\r\n\r\n", line_end, boundary,
                     type, content_range(parts[part], file->size()));
  }
  std::uint64_t size() const {
    std::uint64_t bytes = head_of(parts.size()).size();
    for (std::size_t i = 0; i < parts.size(); ++i) bytes += head_of(i).size() + parts[i].size();
    return bytes;
  }
  std::unique_ptr<BodySource> operator()() {
    const std::size_t part = next / 2;
    if (next > 2 * parts.size()) return nullptr;
    const bool is_head = next++ % 2 == 0;
    if (is_head) return text_body(pool, head_of(part));
    return file_body(files, file, parts[part].first, parts[part].size());
  }
};

// The encoder of a stream, which is limited in number. It takes memory once it has something to do.
class LimitedEncoder final : public Encoder {
 public:
  LimitedEncoder(Permit permit, Coding coding) : permit_(std::move(permit)), coding_(coding) {}
  Status write(std::span<const std::byte> bytes, bool last, const Sink& sink) override {
    if (!encoder_) encoder_ = make_encoder(coding_, Effort::stream);
    return encoder_->write(bytes, last, sink);
  }

 private:
  Permit permit_;
  Coding coding_;
  std::unique_ptr<Encoder> encoder_;
};

}  // namespace

Selection select(const Request& request, const Representation& representation, WallTime now) {
  using Kind = Selection::Kind;
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  Selection selection{.validators = validators_of(representation, now)};
  const Validators& validators = selection.validators;
  switch (evaluate_preconditions(request.method, request.headers, validators, seconds)) {
    case Precondition::failed: selection.kind = Kind::precondition_failed; return selection;
    case Precondition::not_modified: selection.kind = Kind::not_modified; return selection;
    case Precondition::holds: break;
  }
  if (request.method != Method::get || representation.is_live() ||
      request.headers.count("range") != 1 ||
      !if_range_holds(request.headers, validators, seconds)) {
    return selection;
  }
  RangeChoice ranges = choose_ranges(*request.headers.get("range"), representation.file->size());
  // Clients cannot decode several parts of an encoded file.
  if (representation.coding != Coding::identity && ranges.parts.size() > 1) return selection;
  switch (ranges.kind) {
    case RangeChoice::Kind::whole: break;
    case RangeChoice::Kind::parts: selection.kind = Kind::parts; break;
    case RangeChoice::Kind::unsatisfiable: selection.kind = Kind::unsatisfiable; break;
  }
  selection.parts = std::move(ranges.parts);
  return selection;
}

FileResponse::FileResponse(const SiteRequest& scope, const Representation& representation,
                           const Selection& selection, bool varies)
    : scope_(scope), representation_(representation), selection_(selection) {
  const bool not_modified = selection.kind == Selection::Kind::not_modified;
  head.status = not_modified ? 304 : 200;
  head.headers =
      not_modified
          ? fields_of_not_modified(scope.name, selection.validators, scope.options())
          : fields_of_file(representation, scope.name, selection.validators, scope.options());
  if (varies) head.headers.add("vary", "accept-encoding");
  // A page in place of a missing one must not be kept under its name.
  if (scope.varies_by_accept) head.headers.set("cache-control", "no-store");
  add_digest();
  if (selection.kind == Selection::Kind::whole) add_whole();
  if (selection.kind == Selection::Kind::parts) add_parts();
}

void FileResponse::add_digest() {
  if (!wants_sha256(scope_.request.headers)) return;
  const Sha256* sum = nullptr;
  if (representation_.form == Representation::Form::kept) {
    const Encoded* const encoded = representation_.encoded().get();
    if (encoded != nullptr) sum = &encoded->digest;
  } else if (!representation_.is_live()) {
    sum = representation_.file->derived()->digest.get();
  }
  if (sum != nullptr) head.headers.add("repr-digest", repr_digest(*sum));
}

void FileResponse::add_whole() {
  const Ref<CachedFile>& file = representation_.file;
  StaticSite& site = scope_.site;
  if (representation_.form == Representation::Form::kept) {
    const Encoded* const encoded = representation_.encoded().get();
    body = encoded == nullptr ? unsized_body() : content_body(encoded->content, file);
  } else if (representation_.form != Representation::Form::streamed) {
    body = file_body(site.files, file, 0, file->size());
  } else if (!scope_.is_get()) {
    body = unsized_body();
  } else {
    body = compress_body(site.coding, site.pool, file_body(site.files, file, 0, file->size()),
                         std::make_unique<LimitedEncoder>(Permit(site.shared.streams, &scope_.peer),
                                                          representation_.coding));
  }
}

void FileResponse::add_parts() {
  head.status = 206;
  if (selection_.parts.size() > 1) return add_multipart();
  const Ref<CachedFile>& file = representation_.file;
  const ByteRange& part = selection_.parts[0];
  head.headers.add("content-range", content_range(part, file->size()));
  body = file_body(scope_.site.files, file, part.first, part.size());
}

// RFC 9110 §14.6. The secret keeps whoever writes the file from guessing the boundary.
void FileResponse::add_multipart() {
  const std::string seed = scope_.site.shared.secret + std::string(selection_.validators.etag) +
                           std::string(*scope_.request.headers.get("range"));
  const Sha256 sum = sha256(std::as_bytes(std::span(seed)));
  ByteRanges parts{.pool = scope_.site.pool,
                   .files = scope_.site.files,
                   .file = representation_.file,
                   .type = representation_.type,
                   .boundary = hex(std::span(sum).first<12>()),
                   .parts = selection_.parts};
  head.headers.set("content-type", "multipart/byteranges; boundary=" + parts.boundary);
  const std::uint64_t size = parts.size();
  body = joined_body(std::move(parts), size);
}

HeaderMap fields_of_unsatisfiable(const Representation& representation, bool varies) {
  HeaderMap fields;
  fields.add("content-range", formatted("bytes */{}", representation.file->size()));
  fields.add("accept-ranges", "bytes");
  if (varies) fields.add("vary", "accept-encoding");
  return fields;
}

}  // namespace troika
