#include "server/static_site.h"

#include <fcntl.h>

#include <algorithm>

#include "base/random.h"
#include "handlers/static/static_handler.h"
#include "uv/background.h"
#include "uv/file_reader.h"

namespace troika {
namespace {

// Half of the thread pool (server.cc): the other half reads files.
constexpr std::size_t kBackgroundTasks = 4;

}  // namespace

Checked<std::function<Site(Loop&, BufferPool&)>> static_site(const std::string& root,
                                                             SiteOptions options,
                                                             std::size_t open_files) {
  auto opened = open_root(root);
  if (!opened) return std::unexpected(opened.error());
  std::string secret(16, '\0');
  SystemRandom().fill(std::as_writable_bytes(std::span(secret)));
  SiteLimits limits;
  limits.open_files = open_files;
  limits.cache_files = std::min(limits.cache_files, open_files / 2);
  return [root = std::make_shared<const Fd>(std::move(*opened)), options = std::move(options),
          limits, secret = std::move(secret)](Loop& loop, BufferPool& pool) {
    Site site;
    site.files =
        std::make_unique<UvFileReader>(loop, pool, Fd(fcntl(root->get(), F_DUPFD_CLOEXEC, 3)));
    site.background = std::make_unique<UvBackground>(loop, kBackgroundTasks);
    site.handler = std::make_unique<StaticHandler>(StaticHandler::Parts{
        .files = *site.files,
        .background = *site.background,
        .pool = pool,
        .clock = loop.clock(),
        .options = options,
        .limits = limits,
        .secret = secret,
    });
    return site;
  };
}

}  // namespace troika
