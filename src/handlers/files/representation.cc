#include "handlers/files/representation.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/text.h"
#include "handlers/digest.h"
#include "handlers/files/fields.h"
#include "http/message/date.h"

namespace troika {
namespace {

struct Ending {
  std::string_view extension;
  Coding coding;
};
constexpr std::array kEndings{Ending{"br", Coding::br}, Ending{"zst", Coding::zstd},
                              Ending{"gz", Coding::gzip}};

// Of a name, behind its last dot; empty when there is none, or nothing in front of it.
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
    if (has_own_type(options, extension)) return std::nullopt;  // somebody knows better
    return Precoded{Coding::gzip, media_type_of(options, path.substr(0, path.size() - 1)), {}};
  }
  if (!options.precoded) return std::nullopt;
  const auto ending = std::ranges::find_if(kEndings, [extension](const Ending& each) {
    return ascii::equal_ignoring_case(each.extension, extension);
  });
  if (ending == kEndings.end()) return std::nullopt;
  const std::string_view plain = path.substr(0, path.size() - extension.size() - 1);
  const std::string_view of_plain = extension_of(plain);
  if (of_plain.empty() || ascii::equal_ignoring_case(of_plain, "tar")) return std::nullopt;
  return Precoded{ending->coding, media_type_of(options, plain), plain};
}

namespace {

constexpr std::array kBySize{Coding::br, Coding::zstd, Coding::gzip};
// What is compressed again for every visitor should cost little.
constexpr std::array kBySpeed{Coding::zstd, Coding::br, Coding::gzip};

// Of an entity tag: a sidecar is another file, a live coder another form of the same one.
std::string_view tag_ending(Coding coding, bool live) noexcept {
  switch (coding) {
    case Coding::br: return live ? "+br" : ".br";
    case Coding::zstd: return live ? "+zst" : ".zst";
    case Coding::gzip: return live ? "+gz" : ".gz";
    default: return "";
  }
}

bool worth_compressing(const Offers& offers, const SiteOptions& options,
                       const SiteLimits& limits) noexcept {
  return options.compress && offers.type.compressible &&
         offers.file->size() >= limits.compress_least;
}

bool offers_live(const Offers& offers, const Request& request, const AcceptEncoding& accept,
                 const SiteOptions& options, const SiteLimits& limits) {
  const bool streamed = offers.live(limits) == Variant::Form::streamed;
  if (!options.compress || (streamed && !offers.may_stream)) return false;
  if (!accept.accepts(Coding::identity)) return true;  // better than nothing
  if (!worth_compressing(offers, options, limits)) return false;
  // A live coder has no ranges, and a stream no digest before its end.
  if (request.method == Method::get && request.headers.has("range")) return false;
  return !(streamed && wants_sha256(request.headers));
}

// What is coded as a whole has parts that are no parts of any encoding: clients cannot decode them.
bool asks_for_parts(const Request& request) {
  const auto range = request.headers.get("range");
  return request.method == Method::get && range && range->contains(',');
}

// In the order of preference among those of equal quality.
class Candidates {
 public:
  void add(Variant variant) {
    codings_.at(count_) = variant.coding;
    variants_.at(count_++) = std::move(variant);
  }
  std::optional<Variant> choose(const AcceptEncoding& accept) {
    const auto chosen = accept.choose(std::span(codings_).first(count_));
    if (!chosen) return std::nullopt;
    return std::move(variants_.at(*chosen));
  }

 private:
  // What the name says, sidecars, live coders, identity.
  static constexpr std::size_t kMost = 1 + kBySize.size() + kBySpeed.size() + 1;
  std::array<Variant, kMost> variants_;
  std::array<Coding, kMost> codings_{};
  std::size_t count_ = 0;
};

}  // namespace

CachedFile::As Variant::as() const noexcept {
  using enum CachedFile::As;
  switch (form) {
    case Form::itself: return itself;
    case Form::sidecar: return sidecar;
    case Form::precoded: return precoded;
    default: return coding == Coding::br ? live_br : coding == Coding::zstd ? live_zstd : live_gzip;
  }
}

bool Offers::varies(const SiteOptions& options, const SiteLimits& limits) const noexcept {
  return unsure || precoded || worth_compressing(*this, options, limits) ||
         std::ranges::any_of(sidecars, [](const auto& sidecar) { return bool(sidecar); });
}

std::optional<Variant> choose_variant(const Offers& offers, const Request& request,
                                      const SiteOptions& options, const SiteLimits& limits) {
  using enum Variant::Form;
  const AcceptEncoding accept(request.headers);
  const std::string_view type = offers.type.text;
  Candidates all;
  if (!asks_for_parts(request) || !accept.accepts(Coding::identity)) {
    if (const auto& named = offers.precoded) {
      all.add({offers.file, named->coding, precoded, named->type.text});
    }
    for (const Coding coding : kBySize) {
      const auto& file = offers.sidecars[static_cast<std::size_t>(coding)];
      if (file) all.add({file, coding, sidecar, type});
    }
  }
  if (offers_live(offers, request, accept, options, limits)) {
    const Variant::Form form = offers.live(limits);
    for (const Coding coding : form == kept ? kBySize : kBySpeed) {
      all.add({offers.file, coding, form, type});
    }
  }
  all.add({offers.file, Coding::identity, itself, type});
  return all.choose(accept);
}

Validators validators_of(const Variant& variant, WallTime now) {
  CachedFile& file = *variant.file;
  Validators validators{.etag =
                            file.etag(variant.as(), tag_ending(variant.coding, variant.is_live()))};
  if (file.is_dated()) {
    validators.last_modified =
        std::min(file.file().info().st_mtim.tv_sec, std::chrono::system_clock::to_time_t(now));
  }
  return validators;
}

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
