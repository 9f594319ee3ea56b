#include "handlers/files/representation.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/text.h"
#include "handlers/compress/zstd_fit.h"
#include "handlers/digest.h"

namespace troika {
namespace {

// Of encoded files, in the order of preference.
struct Ending {
  std::string_view text;
  Coding coding;
};
constexpr std::array kEndings{Ending{".br", Coding::br}, Ending{".zst", Coding::zstd},
                              Ending{".gz", Coding::gzip}};

// The part of a name after its last dot; empty when there is none, or nothing before it.
std::string_view extension_of(std::string_view path) noexcept {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? "" : name.substr(dot + 1);
}

bool has_own_type(const SiteOptions& options, std::string_view extension) noexcept {
  return std::ranges::any_of(options.types, [extension](const auto& type) {
    return ascii::equal_ignoring_case(type.first, extension);
  });
}

}  // namespace

std::optional<Precoded> precoded_by_name(const SiteOptions& options,
                                         std::string_view path) noexcept {
  const std::string_view extension = extension_of(path);
  if (ascii::equal_ignoring_case(extension, "svgz")) {
    if (has_own_type(options, extension)) return std::nullopt;
    return Precoded{Coding::gzip, media_type_of(options, path.substr(0, path.size() - 1)), {}};
  }
  if (!options.precoded) return std::nullopt;
  const auto ending = std::ranges::find_if(kEndings, [extension](const Ending& each) {
    return ascii::equal_ignoring_case(each.text.substr(1), extension);
  });
  if (ending == kEndings.end()) return std::nullopt;
  const std::string_view plain = path.substr(0, path.size() - extension.size() - 1);
  const std::string_view of_plain = extension_of(plain);
  if (of_plain.empty() || ascii::equal_ignoring_case(of_plain, "tar")) return std::nullopt;
  return Precoded{ending->coding, media_type_of(options, plain), plain};
}

namespace {

constexpr std::array kBySize{Coding::br, Coding::zstd, Coding::gzip};
// A stream is compressed again for every client, so it should cost little.
constexpr std::array kBySpeed{Coding::zstd, Coding::br, Coding::gzip};

bool worth_compressing(const Offers& offers, const SiteOptions& options,
                       const SiteLimits& limits) noexcept {
  return options.compress && offers.type.compressible &&
         offers.file->size() >= limits.compress_least;
}

bool offers_live(const Offers& offers, const Request& request, const AcceptEncoding& accept,
                 const SiteOptions& options, const SiteLimits& limits) {
  const bool streamed = offers.live(limits) == Representation::Form::streamed;
  if (!options.compress || (streamed && !offers.may_stream)) return false;
  if (!accept.accepts(Coding::identity)) return true;
  if (offers.busy || !worth_compressing(offers, options, limits)) return false;
  // A live coder serves no ranges, and the digest of a stream is not known before its end.
  if (request.method == Method::get && request.headers.has("range")) return false;
  return !(streamed && wants_sha256(request.headers));
}

// Only a quality value can say that it is not acceptable (RFC 9110 §12.5.3).
bool may_refuse_identity(const HeaderMap& headers) {
  if (!headers.has("accept-encoding")) return false;
  for (const auto [name, value] : headers) {
    if (name == "accept-encoding" && value.contains(';')) return true;
  }
  return false;
}

// Clients cannot decode several parts of an encoded file.
bool asks_for_parts(const Request& request) {
  const auto range = request.headers.get("range");
  return request.method == Method::get && range && range->contains(',');
}

// Among those of equal quality, the first is preferred.
class Candidates {
 public:
  void add(Representation representation) {
    codings_.at(count_) = representation.coding;
    representations_.at(count_++) = std::move(representation);
  }
  std::optional<Representation> choose(const AcceptEncoding& accept) {
    const auto chosen = accept.choose(std::span(codings_).first(count_));
    if (!chosen) return std::nullopt;
    return std::move(representations_.at(*chosen));
  }

 private:
  // Precoded, precompressed, live coders, identity.
  static constexpr std::size_t kMost = 1 + kBySize.size() + kBySpeed.size() + 1;
  std::array<Representation, kMost> representations_;
  std::array<Coding, kMost> codings_{};
  std::size_t count_ = 0;
};

}  // namespace

CachedFile::As Representation::as() const noexcept {
  using enum CachedFile::As;
  switch (form) {
    case Form::itself: return itself;
    case Form::precompressed: return precompressed;
    case Form::precoded: return precoded;
    default: return coding == Coding::br ? live_br : coding == Coding::zstd ? live_zstd : live_gzip;
  }
}

bool Offers::varies(const SiteOptions& options, const SiteLimits& limits) const noexcept {
  return unsure || precoded || worth_compressing(*this, options, limits) ||
         std::ranges::any_of(precompressed, [](const auto& form) { return bool(form); });
}

std::optional<Representation> choose_representation(const Offers& offers, const Request& request,
                                                    const SiteOptions& options,
                                                    const SiteLimits& limits) {
  using enum Representation::Form;
  const std::string_view type = offers.type.text;
  if (!offers.varies(options, limits) && !may_refuse_identity(request.headers)) {
    return Representation{offers.file, Coding::identity, itself, type};
  }
  const AcceptEncoding accept(request.headers);
  Candidates all;
  if (!asks_for_parts(request) || !accept.accepts(Coding::identity)) {
    if (const auto& named = offers.precoded) {
      all.add({offers.file, named->coding, precoded, named->type.text});
    }
    for (const Coding coding : kBySize) {
      const auto& file = offers.precompressed[static_cast<std::size_t>(coding)];
      if (file) all.add({file, coding, precompressed, type});
    }
  }
  if (offers_live(offers, request, accept, options, limits)) {
    const Representation::Form form = offers.live(limits);
    for (const Coding coding : form == kept ? kBySize : kBySpeed) {
      all.add({offers.file, coding, form, type});
    }
  }
  all.add({offers.file, Coding::identity, itself, type});
  return all.choose(accept);
}

namespace {

constexpr auto kPlain = static_cast<std::size_t>(Coding::identity);

std::string_view reason_of(ZstdFit fit) noexcept {
  switch (fit) {
    case ZstdFit::large_window:
      return "its window exceeds 8 MiB, and clients reject it: compress without --ultra and --long";
    case ZstdFit::needs_dictionary: return "it needs a dictionary, which clients do not have";
    default: return "it does not begin with a zstd frame";
  }
}

}  // namespace

void StoredForms::look_for(Ref<CachedFile> file, std::move_only_function<void()> done) {
  done_ = std::move(done);
  next_ = 0;
  const SiteOptions& options = scope_.options();
  if (!file->type) file->type = media_type_of(options, scope_.name);
  const MediaType type = *file->type;
  offers_ = {
      .file = std::move(file), .type = type, .precoded = precoded_by_name(options, scope_.name)};
  if (!offers_.precoded) return next();
  const std::string_view plain = offers_.precoded->plain;
  const bool alone =
      plain.empty() || scope_.site.clock.now() < offers_.file->no_precompressed_until[kPlain];
  if (alone) return check_precoded();
  scope_.open(plain, [this](const Result<Ref<CachedFile>>& found) { on_plain(found); });
}

// "x.js" beside "x.js.gz", which is then the precompressed form of it, and an archive when it is
// asked for by its own name.
void StoredForms::on_plain(const Result<Ref<CachedFile>>& file) {
  const bool looked = file || is_absent(file.error().code);
  if (!looked) offers_.unsure = true;
  if (!looked || (file && (*file)->is_regular())) {
    offers_.precoded.reset();
    return next();
  }
  absent(Coding::identity);
  check_precoded();
}

void StoredForms::check_precoded() {
  if (offers_.precoded->coding != Coding::zstd) return next();
  check_zstd(offers_.file, scope_.name, [this](bool fits) {
    if (!fits) offers_.precoded.reset();
    next();
  });
}

void StoredForms::next() {
  const TimePoint now = scope_.site.clock.now();
  while (next_ < kEndings.size()) {
    const auto [ending, coding] = kEndings[next_++];
    if (now < offers_.file->no_precompressed_until[static_cast<std::size_t>(coding)]) continue;
    return scope_.open(
        scope_.name + std::string(ending),
        [this, coding](const Result<Ref<CachedFile>>& file) { on_precompressed(coding, file); });
  }
  auto done = std::move(done_);
  done();
}

void StoredForms::on_precompressed(Coding coding, const Result<Ref<CachedFile>>& file) {
  const auto index = static_cast<std::size_t>(coding);
  if (file && (*file)->is_regular() && (*file)->modified() >= offers_.file->modified()) {
    if (coding == Coding::zstd) {
      return check_zstd(*file, scope_.name + ".zst", [this, found = *file, index](bool fits) {
        if (fits) offers_.precompressed[index] = found;
        next();
      });
    }
    offers_.precompressed[index] = *file;
  } else if (file || is_absent(file.error().code)) {
    absent(coding);
  } else {
    offers_.unsure = true;
  }
  next();
}

// The first bytes say whether clients can decode it.
void StoredForms::check_zstd(const Ref<CachedFile>& file, const std::string& name,
                             std::move_only_function<void(bool)> then) {
  if (file->zstd) return then(*file->zstd == ZstdFit::fits);
  scope_.await(scope_.site.files.read(
      file->file(), 0, kZstdLook,
      [this, file, name, then = std::move(then)](const Result<Slice>& bytes) mutable {
        if (!bytes) {
          offers_.unsure = true;
          return then(false);
        }
        file->zstd = zstd_fit(bytes->bytes());
        if (*file->zstd != ZstdFit::fits && scope_.site.shared.notice) {
          scope_.site.shared.notice(
              formatted("{} is not sent as zstd: {}", name, reason_of(*file->zstd)));
        }
        then(*file->zstd == ZstdFit::fits);
      }));
}

// Not to be looked for again before the file itself is.
void StoredForms::absent(Coding coding) {
  offers_.file->no_precompressed_until[static_cast<std::size_t>(coding)] =
      scope_.site.clock.now() + scope_.limits().fresh;
}

void StoredForms::doubt() {
  scope_.site.cache.doubt(scope_.name);
  for (const Ending& ending : kEndings) {
    scope_.site.cache.doubt(scope_.name + std::string(ending.text));
  }
}

}  // namespace troika
