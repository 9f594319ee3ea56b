#include "server/static_site.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "base/random.h"
#include "base/text.h"
#include "handlers/files/static_handler.h"
#include "loop/file_reader.h"
#include "os/file_open.h"

namespace troika {
namespace {

bool is_readable_file(int root, const std::string& path) {
  const Fd fd(open_beneath(root, path.c_str(), false));
  struct stat info{};
  return fd && fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode);
}

// Not errors: a folder may be filled later.
void warn_of_missing_pages(int root, const std::string& name, const SiteOptions& options,
                           std::vector<std::string>& warnings) {
  if (options.spa && !is_readable_file(root, "index.html")) {
    warnings.push_back(
        formatted("--spa finds no index.html in {}: until it exists, missing pages get 404", name));
  }
  for (const auto& [status, path] : options.error_pages) {
    if (is_readable_file(root, path)) continue;
    warnings.push_back(formatted(
        "--error-page {}: no {} in {}; a short text is sent until it exists", status, path, name));
  }
}

void warn_of_own_walk(int root, std::vector<std::string>& warnings) {
  const int refusal = openat2_refusal(root);
  if (refusal == 0) return;
  warnings.push_back(formatted(
      "openat2 is refused here ({}): files are opened segment by segment, equally safe but "
      "slower; docs/static-files.md lists the settings that cause this",
      std::strerror(refusal)));
}

}  // namespace

Checked<SnapshotSource::MakeSite> static_site(const std::string& root, SiteOptions options,
                                              SiteShare share, std::vector<std::string>* warnings,
                                              SiteNotices notices) {
  auto opened = open_root(root);
  if (!opened) return std::unexpected(opened.error());
  if (warnings != nullptr) {
    warn_of_own_walk(opened->get(), *warnings);
    warn_of_missing_pages(opened->get(), root, options, *warnings);
  }
  std::string secret(16, '\0');
  SystemRandom().fill(std::as_writable_bytes(std::span(secret)));
  SiteLimits limits = share.limits;
  limits.cache_files = std::min(limits.cache_files, limits.open_files / 2);
  limits.cache_bytes /= share.workers;
  for (Quota* const quota : {&limits.live_encoders, &limits.tags, &limits.listings}) {
    quota->count = std::max<std::size_t>(quota->count / share.workers, 8);
  }
  limits.digests_kept = std::max<std::size_t>(limits.digests_kept / share.workers, 1024);
  RootReport report;
  if (notices.root != nullptr) {
    report = [root = notices.root](const RootLook& look) { root->look(look); };
  }
  return [path = lasting_path(root), report = std::move(report), options = std::move(options),
          limits, secret = std::move(secret), notice = notices.files](const SiteServices& worker) {
    Site site;
    site.files = std::make_unique<UvFileReader>(worker.loop, worker.pool, path, report);
    std::function<void(const std::string&)> say;
    if (notice != nullptr) say = [notice](const std::string& text) { notice->say(text); };
    site.handler = std::make_unique<StaticHandler>(StaticHandler::Parts{
        .files = *site.files,
        .coding = worker.coding,
        .slow = worker.slow,
        .hashing = worker.hashing,
        .timers = worker.loop.timers(),
        .pool = worker.pool,
        .clock = worker.loop.turn_clock(),
        .options = options,
        .limits = limits,
        .notice = std::move(say),
        .secret = secret,
    });
    return site;
  };
}

}  // namespace troika
