#include "handlers/files/variant.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "handlers/digest.h"

namespace troika {
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

}  // namespace troika
