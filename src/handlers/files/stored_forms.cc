#include <array>
#include <format>
#include <utility>

#include "handlers/files/static_job.h"

// What there is of a file that was found, beside the file itself: sidecars, and what its own name
// says.

namespace troika {
namespace {

struct Sidecar {
  Coding coding;
  std::string_view ending;
};
constexpr std::array kSidecars{Sidecar{Coding::br, ".br"}, Sidecar{Coding::zstd, ".zst"},
                               Sidecar{Coding::gzip, ".gz"}};

constexpr auto kPlain = static_cast<std::size_t>(Coding::identity);

std::string_view reason_of(ZstdFit fit) noexcept {
  switch (fit) {
    case ZstdFit::large_window:
      return "its window is above 8 MiB, which clients refuse: compress it without --ultra and "
             "--long";
    case ZstdFit::needs_dictionary: return "it needs a dictionary, which clients do not have";
    default: return "it does not begin with a zstd frame";
  }
}

}  // namespace

void StaticJob::serve(Ref<CachedFile> file, std::string name) {
  name_ = std::move(name);
  offers_.file = std::move(file);
  offers_.type = media_type_of(options(), name_);
  offers_.precoded = precoded_by_name(options(), name_);
  if (!offers_.precoded) return next_sidecar();
  const std::string_view plain = offers_.precoded->plain;
  const bool alone = plain.empty() || site_.clock.now() < offers_.file->no_sidecar_until[kPlain];
  if (alone) return check_precoded();
  open(plain, [this](const Result<Ref<CachedFile>>& found) { on_plain(found); });
}

// "x.js" beside "x.js.gz", which is its sidecar then, and a file of its own when it is asked for.
void StaticJob::on_plain(const Result<Ref<CachedFile>>& file) {
  const bool looked = file || is_absent(file.error().code);
  if (!looked) offers_.unsure = true;
  if (!looked || (file && (*file)->is_regular())) {
    offers_.precoded.reset();
    return next_sidecar();
  }
  offers_.file->no_sidecar_until[kPlain] = site_.clock.now() + limits().fresh;
  check_precoded();
}

void StaticJob::check_precoded() {
  if (offers_.precoded->coding != Coding::zstd) return next_sidecar();
  check_zstd(offers_.file, name_, [this](bool fits) {
    if (!fits) offers_.precoded.reset();
    next_sidecar();
  });
}

void StaticJob::next_sidecar() {
  const TimePoint now = site_.clock.now();
  while (sidecar_ < kSidecars.size()) {
    const auto [coding, ending] = kSidecars[sidecar_++];
    if (now < offers_.file->no_sidecar_until[static_cast<std::size_t>(coding)]) {
      continue;
    }
    return open(name_ + std::string(ending),
                [this, coding](const Result<Ref<CachedFile>>& file) { on_sidecar(coding, file); });
  }
  choose();
}

void StaticJob::on_sidecar(Coding coding, const Result<Ref<CachedFile>>& file) {
  const auto index = static_cast<std::size_t>(coding);
  if (file && (*file)->is_regular() && (*file)->modified() >= offers_.file->modified()) {
    if (coding == Coding::zstd) {
      return check_zstd(*file, name_ + ".zst", [this, found = *file, index](bool fits) {
        if (fits) offers_.sidecars[index] = found;
        next_sidecar();
      });
    }
    offers_.sidecars[index] = *file;
  } else if (file || is_absent(file.error().code)) {
    offers_.file->no_sidecar_until[index] = site_.clock.now() + limits().fresh;
  } else {
    offers_.unsure = true;
  }
  next_sidecar();
}

// Whether clients can decode it, which its first bytes say.
void StaticJob::check_zstd(const Ref<CachedFile>& file, const std::string& name,
                           std::move_only_function<void(bool)> then) {
  if (file->zstd) return then(*file->zstd == ZstdFit::fits);
  await(site_.files.read(
      file->file(), 0, kZstdLook,
      [this, file, name, then = std::move(then)](const Result<Slice>& bytes) mutable {
        if (!bytes) {
          offers_.unsure = true;
          return then(false);
        }
        file->zstd = zstd_fit(bytes->bytes());
        if (*file->zstd != ZstdFit::fits && site_.notice) {
          site_.notice(std::format("{} is not sent as zstd: {}", name, reason_of(*file->zstd)));
        }
        then(*file->zstd == ZstdFit::fits);
      }));
}

void StaticJob::doubt_sidecars() {
  for (const Sidecar& sidecar : kSidecars) site_.cache.doubt(name_ + std::string(sidecar.ending));
}

}  // namespace troika
