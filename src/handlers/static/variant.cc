#include "handlers/static/variant.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "handlers/static/digest.h"

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
  const bool streamed = offers.live(limits) == Variant::Live::streamed;
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

}  // namespace

CachedFile::As Variant::as() const noexcept {
  using enum CachedFile::As;
  if (!is_live()) return coding == Coding::identity ? itself : sidecar;
  return coding == Coding::br ? live_br : coding == Coding::zstd ? live_zstd : live_gzip;
}

bool Offers::varies(const SiteOptions& options, const SiteLimits& limits) const noexcept {
  return unsure || worth_compressing(*this, options, limits) ||
         std::ranges::any_of(sidecars, [](const auto& sidecar) { return bool(sidecar); });
}

std::optional<Variant> choose_variant(const Offers& offers, const Request& request,
                                      const SiteOptions& options, const SiteLimits& limits) {
  const AcceptEncoding accept(request.headers);
  std::vector<Coding> codings;  // of equal quality the first wins: sidecar, live coder, identity
  if (!asks_for_parts(request) || !accept.accepts(Coding::identity)) {
    for (const Coding coding : kBySize) {
      if (offers.sidecars[static_cast<std::size_t>(coding)]) codings.push_back(coding);
    }
  }
  const std::size_t sidecars = codings.size();
  if (offers_live(offers, request, accept, options, limits)) {
    const auto& order = offers.live(limits) == Variant::Live::kept ? kBySize : kBySpeed;
    codings.insert(codings.end(), order.begin(), order.end());
  }
  codings.push_back(Coding::identity);
  const auto chosen = accept.choose(codings);
  if (!chosen) return std::nullopt;
  const Coding coding = codings[*chosen];
  if (*chosen < sidecars) {
    return Variant{offers.sidecars[static_cast<std::size_t>(coding)], coding, Variant::Live::no};
  }
  const bool live = coding != Coding::identity;
  return Variant{offers.file, coding, live ? offers.live(limits) : Variant::Live::no};
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
