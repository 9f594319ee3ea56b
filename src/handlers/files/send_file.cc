#include <algorithm>
#include <format>
#include <utility>

#include "handlers/compress/compress_body.h"
#include "handlers/files/bodies.h"
#include "handlers/files/computations.h"
#include "handlers/files/fields.h"
#include "handlers/files/representation.h"
#include "handlers/files/static_job.h"
#include "http/message/error_response.h"

// Serving a file that was found: which representation, whether to send it, and what of it.

namespace troika {
namespace {

// A stream's encoder, counted for as long as it lives.
class CountedEncoder final : public Encoder {
 public:
  CountedEncoder(LivePlace place, std::unique_ptr<Encoder> encoder)
      : place_(std::move(place)), encoder_(std::move(encoder)) {}
  Status write(std::span<const std::byte> bytes, bool last, const Sink& sink) override {
    return encoder_->write(bytes, last, sink);
  }

 private:
  LivePlace place_;
  std::unique_ptr<Encoder> encoder_;
};

}  // namespace

void StaticJob::choose() {
  site_.cache.trim();
  offers_.may_keep = offers_.may_keep && !site_.cache.is_full();
  offers_.may_stream = site_.streams->count < limits().live_encoders;
  auto variant = choose_variant(offers_, request_, options(), limits());
  if (!variant) {
    const bool busy = !offers_.may_stream && offers_.live(limits()) == Variant::Form::streamed;
    if (busy) return refuse(ErrorCode::unavailable);
    HeaderMap fields;
    fields.add("vary", "accept-encoding");
    return fail_with(406, std::move(fields));
  }
  variant_ = std::move(*variant);
  evaluate();
}

void StaticJob::evaluate() {
  if (needs_tag()) return;
  const WallTime now = site_.clock.wall();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  validators_ = validators_of(variant_, now);
  switch (evaluate_preconditions(request_.method, request_.headers, validators_, seconds)) {
    case Precondition::failed: return fail_with(412);
    case Precondition::not_modified: not_modified_ = true; break;
    case Precondition::holds:
      if (is_get() && !variant_.is_live() && request_.headers.count("range") == 1 &&
          if_range_holds(request_.headers, validators_, seconds)) {
        ranges_ = choose_ranges(*request_.headers.get("range"), variant_.file->size());
      }
      // What is coded as a whole has no parts that could be decoded.
      if (variant_.coding != Coding::identity && ranges_.parts.size() > 1) ranges_ = {};
  }
  proceed();
}

// Each step waits for one thing and comes back here.
void StaticJob::proceed() {
  site_.cache.trim();
  if (needs_encoded() || needs_digest() || needs_body() || is_outdated()) return;
  send_file();
}

bool StaticJob::needs_encoded() {
  const bool wanted = !not_modified_ || wants_sha256(request_.headers);
  if (variant_.form != Variant::Form::kept || !wanted) return false;
  auto& encoded = variant_.file->derived()->encoded[static_cast<std::size_t>(variant_.coding)];
  if (encoded.get() != nullptr) return false;
  operation_ = encoded.wait([this](const Result<Encoded>& made) {
    if (made) return proceed();
    offers_.may_keep = false;  // the file changes all the time: as it is, or as a stream
    not_modified_ = false;
    choose();
  });
  if (encoded.claim()) {
    compute_encoded(site_.coding, site_.pool, variant_.file, variant_.coding);
  }
  return true;
}

bool StaticJob::needs_tag() {
  return !variant_.file->is_tagged() && await_digest([this] { evaluate(); });
}

bool StaticJob::needs_digest() {
  return !variant_.is_live() && variant_.file->size() <= limits().digest_bytes &&
         wants_sha256(request_.headers) && await_digest([this] { proceed(); });
}

// False: it is there, or is not to be had now. A HEAD can cause this work, so that as much of it as
// may wait is bounded.
bool StaticJob::await_digest(std::move_only_function<void()> then) {
  CachedFile& file = *variant_.file;
  auto& digest = file.derived()->digest;
  if (digest_failed_ || digest.get() != nullptr) return false;
  const bool tags = file.tag() == CachedFile::Tag::content;
  if (const Sha256* const known = tags ? site_.digests->find(file.file().info()) : nullptr) {
    digest.finish(*known);
    return false;
  }
  digest_failed_ = !digest.is_claimed() && site_.hashed->count >= limits().digests_waiting;
  if (digest_failed_) return false;
  operation_ = digest.wait([this, then = std::move(then)](const Result<Sha256>& sum) mutable {
    digest_failed_ = !sum;
    then();
  });
  if (digest.claim()) {
    compute_digest(tags ? site_.hashing : site_.slow, variant_.file, site_.digests,
                   LivePlace(site_.hashed));
  }
  return true;
}

bool StaticJob::needs_body() {
  const bool sends = is_get() && !not_modified_ && !variant_.is_live() &&
                     ranges_.kind != RangeChoice::Kind::unsatisfiable;
  if (!sends || body_tried_) return false;
  body_tried_ = true;
  await(site_.cache.load(variant_.file, [this] { proceed(); }));
  return true;
}

// What is about to be read from the disk must be what was opened, up to a moment ago. Looked for
// once more if not: a file that changes all the time is sent as it comes.
bool StaticJob::is_outdated() {
  const CachedFile& file = *variant_.file;
  const bool in_memory = variant_.form == Variant::Form::kept || !file.body.empty();
  if (in_memory || !is_get() || not_modified_ || file.size() == 0 || retried_ || file.holds()) {
    return false;
  }
  retried_ = true;
  site_.cache.doubt(name_);
  doubt_sidecars();
  offers_ = {};
  variant_ = {};
  sidecar_ = 0;
  ranges_ = {};
  body_tried_ = digest_failed_ = false;
  open(name_, [this](Result<Ref<CachedFile>> opened) {
    if (!opened) return refuse(opened.error().code);
    if (!(*opened)->is_regular()) return not_found();
    serve(std::move(*opened), name_);
  });
  return true;
}

void StaticJob::send_file() {
  ResponseHead head = not_modified_ ? head_not_modified(name_, validators_, options())
                                    : head_of_file(variant_, name_, validators_, options());
  if (variant_.is_live() || offers_.varies(options(), limits())) {
    head.headers.add("vary", "accept-encoding");
  }
  // A page in place of something else must not be kept under that name.
  if (depends_on_accept_) head.headers.set("cache-control", "no-store");
  add_digest(head.headers);
  if (not_modified_) return respond(std::move(head), nullptr);
  if (ranges_.kind == RangeChoice::Kind::unsatisfiable) return refuse_range(head.headers);
  auto body = ranges_.kind == RangeChoice::Kind::parts ? parts_body(head) : whole_body();
  offers_ = {};  // the body has what it needs; nothing else is to stay open for a slow reader
  respond(std::move(head), std::move(body));
}

void StaticJob::add_digest(HeaderMap& headers) {
  if (!wants_sha256(request_.headers)) return;
  if (!variant_.is_live()) {
    const Sha256* const sum = variant_.file->derived()->digest.get();
    if (sum != nullptr) headers.add("repr-digest", repr_digest(*sum));
  } else if (variant_.form == Variant::Form::kept) {
    const auto& encoded =
        variant_.file->derived()->encoded[static_cast<std::size_t>(variant_.coding)];
    if (encoded.get() != nullptr) headers.add("repr-digest", repr_digest(encoded.get()->digest));
  }
}

void StaticJob::refuse_range(const HeaderMap& of_file) {
  HeaderMap fields;
  fields.add("content-range", std::format("bytes */{}", variant_.file->size()));
  fields.add("accept-ranges", "bytes");
  if (const auto vary = of_file.get("vary")) fields.add("vary", *vary);
  fail_with(416, std::move(fields));
}

std::unique_ptr<BodySource> StaticJob::whole_body() {
  const Ref<CachedFile>& file = variant_.file;
  auto identity = [&] { return file_body(site_.files, file, 0, file->size()); };
  switch (variant_.form) {
    case Variant::Form::itself:
    case Variant::Form::sidecar:
    case Variant::Form::precoded: return identity();
    case Variant::Form::kept:
      return content_body(
          file->derived()->encoded[static_cast<std::size_t>(variant_.coding)].get()->content, file);
    case Variant::Form::streamed: break;
  }
  return compress_body(
      site_.coding, site_.pool, identity(),
      std::make_unique<CountedEncoder>(LivePlace(site_.streams),
                                       make_encoder(variant_.coding, Effort::stream)));
}

std::unique_ptr<BodySource> StaticJob::parts_body(ResponseHead& head) {
  const Ref<CachedFile>& file = variant_.file;
  const auto content_range = [&](const ByteRange& part) {
    return std::format("bytes {}-{}/{}", part.first, part.last, file->size());
  };
  head.status = 206;
  const std::vector<ByteRange>& parts = ranges_.parts;
  if (parts.size() == 1) {
    head.headers.add("content-range", content_range(parts[0]));
    return file_body(site_.files, file, parts[0].first, parts[0].size());
  }
  // RFC 9110 §14.6. Nobody who chooses a file's bytes can foretell the boundary.
  const std::string seed =
      site_.secret + validators_.etag + std::string(*request_.headers.get("range"));
  const Sha256 sum = sha256(std::as_bytes(std::span(seed)));
  const std::string boundary = hex(std::span(sum).first<12>());
  std::vector<std::unique_ptr<BodySource>> bodies;
  std::string_view line_end;
  for (const ByteRange& part : parts) {
    bodies.push_back(
        text_body(site_.pool, std::format("{}--{}\r\ncontent-type: {}\r\ncontent-range: {}\r\n\r\n",
                                          line_end, boundary, variant_.type, content_range(part))));
    bodies.push_back(file_body(site_.files, file, part.first, part.size()));
    line_end = "\r\n";
  }
  bodies.push_back(text_body(site_.pool, std::format("\r\n--{}--\r\n", boundary)));
  head.headers.set("content-type", "multipart/byteranges; boundary=" + boundary);
  return joined_body(std::move(bodies));
}

}  // namespace troika
