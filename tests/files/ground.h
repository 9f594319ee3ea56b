#pragma once
// A folder to serve, with room beside it, and who asks for what is in it.
#include <sys/types.h>

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "client/client.h"
#include "handlers/site_options.h"
#include "support/live_server.h"
#include "tools/parity/asker.h"

namespace troika::files {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

inline constexpr Duration kPatience = std::chrono::seconds(30);

struct NamedProtocol {
  client::Protocol protocol;
  const char* name;
};
inline constexpr std::array<NamedProtocol, 3> kProtocols{
    {{client::Protocol::h1, "h1"}, {client::Protocol::h2, "h2"}, {client::Protocol::h3, "h3"}}};

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
std::unique_ptr<client::Client> make_client();
std::unique_ptr<parity::Asker> make_asker(client::Client& client, const test::LiveServer& server,
                                          client::Protocol protocol);

}  // namespace troika::files
