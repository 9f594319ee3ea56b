#pragma once
#include <string>
#include <vector>

#include "files/canary.h"
#include "files/ground.h"

namespace troika::files {

// A site with many ways that seem to lead out of it, to canaries: beside the root, above that, and
// in a folder beside it.
class EscapeSite {
 public:
  EscapeSite();
  const Ground& ground() const noexcept { return ground_; }
  const Canary& canary() const noexcept { return canary_; }
  // Of files in the root that only a site with `dotfiles` serves.
  const Canary& hidden() const noexcept { return hidden_; }
  // Where index, error page, precompressed files and all else that is not asked for by name lead
  // out.
  std::filesystem::path lures() const { return ground_.above() / "middle" / "lures"; }

  // Each once, in an order that never changes; all are distinct.
  std::vector<std::string> targets() const;

 private:
  void write_inside() const;
  void write_canaries() const;
  void write_links() const;
  void write_lures() const;

  Ground ground_;
  Canary canary_;
  Canary hidden_{2749};
};

inline constexpr std::string_view kInside = "this one may be seen\n";  // of /inside.txt

}  // namespace troika::files
