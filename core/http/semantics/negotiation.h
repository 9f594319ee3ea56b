#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/message/fields.h"

namespace troika {

enum class Coding : std::uint8_t { identity, br, zstd, gzip };
std::string_view name_of(Coding coding) noexcept;  // as in Content-Encoding

// Quality values are in thousandths: 0 to 1000. A list member whose q is malformed is ignored.

// Accept-Encoding (RFC 9110 §12.5.3), all field lines.
class AcceptEncoding {
 public:
  explicit AcceptEncoding(const HeaderMap& headers);

  // 0: not acceptable. If the field does not mention identity, it is acceptable but loses against
  // every other acceptable coding.
  unsigned quality(Coding coding) const noexcept {
    return quality_[static_cast<std::size_t>(coding)];
  }
  bool accepts(Coding coding) const noexcept { return quality(coding) > 0; }
  // The index of the best offer, the first of equals; nothing when none is acceptable.
  std::optional<std::size_t> choose(std::span<const Coding> offers) const noexcept;

 private:
  std::array<unsigned, 4> quality_{};
  bool identity_implied_ = false;  // then its quality is 1, and q=0.001 is still better
};

// Accept (RFC 9110 §12.5.1): index of the best of the media types ("text/html", without
// parameters). Among equals the most specifically named wins, then the first. 0 when none is
// acceptable.
std::size_t choose_media_type(const HeaderMap& headers,
                              std::span<const std::string_view> offers) noexcept;
// True when Accept names exactly this type, not by a wildcard, with a quality above 0.
bool names_media_type(const HeaderMap& headers, std::string_view type) noexcept;

}  // namespace troika
