#pragma once
// A folder to serve, with room beside it, and who asks for what is in it.
#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "handlers/site_options.h"
#include "support/live_client.h"
#include "tools/parity/asker.h"

namespace troika::files {

using parity::kProtocols;
using test::kPatience;

// above/middle/root, so that there is a folder beside the root and one above that. Names are
// relative to the root. All that fails throws.
class Ground {
 public:
  Ground();
  const std::filesystem::path& root() const noexcept { return root_; }
  std::filesystem::path above() const { return root_.parent_path().parent_path(); }
  std::filesystem::path at(std::string_view name) const { return root_ / name; }

  void write(std::string_view name, std::string_view bytes) const;
  void folder(std::string_view name) const;
  void link(std::string_view name, const std::filesystem::path& to) const;
  // False when this user may not make one.
  bool special(std::string_view name, mode_t kind, dev_t device = 0) const;
  // 2020-01-01 and `days`.
  void set_day(std::string_view name, int days) const;

 private:
  test::TemporaryFolder folder_;
  std::filesystem::path root_;
};

std::unique_ptr<test::LiveServer> serve(const std::filesystem::path& root, SiteOptions options = {},
                                        std::size_t open_files = 512);
std::unique_ptr<parity::Asker> make_asker(client::Client& client, const test::LiveServer& server,
                                          client::Protocol protocol);

}  // namespace troika::files
