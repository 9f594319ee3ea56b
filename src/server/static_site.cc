#include "server/static_site.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "base/random.h"
#include "base/text.h"
#include "handlers/files/static_handler.h"
#include "handlers/page/embedded_handler.h"
#include "handlers/router/actions.h"
#include "handlers/router/router.h"
#include "loop/file_reader.h"
#include "os/file_open.h"
#include "server/library_floor.h"
#include "server/notices.h"

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

SiteLimits limits_of(const SiteShare& share) {
  SiteLimits limits = share.limits;
  limits.cache_files = std::min(limits.cache_files, limits.open_files / 2);
  limits.cache_bytes /= share.workers;
  for (Quota* const quota : {&limits.live_encoders, &limits.tags, &limits.listings}) {
    quota->count = std::max<std::size_t>(quota->count / share.workers, 8);
  }
  limits.digests_kept = std::max<std::size_t>(limits.digests_kept / share.workers, 1024);
  return limits;
}

std::string random_secret() {
  std::string secret(16, '\0');
  SystemRandom().fill(std::as_writable_bytes(std::span(secret)));
  return secret;
}

// A folder that is served: the path that leads to it from anywhere, and who hears of it.
struct Folder {
  std::string path;
  std::unique_ptr<RootNotice> notice;  // null: nobody
};

// What is the same for all workers.
struct Plan {
  std::shared_ptr<const SiteTable> table;
  std::map<std::string, Folder> folders;  // by what is written
  SiteLimits limits;
  std::string secret;
  std::unique_ptr<SiteNotice> notice;  // null: nobody
};

// Opens each folder once to see that it can be.
Checked<std::map<std::string, Folder>> look_at_folders(const SiteTable& table,
                                                       std::vector<std::string>* warnings,
                                                       const Operator* to) {
  std::map<std::string, Folder> folders;
  for (const SiteAction& action : table.actions()) {
    const auto* const files = std::get_if<FilesSpec>(&action.spec);
    if (files == nullptr) continue;
    const auto opened = open_root(files->root);
    if (!opened) return std::unexpected(opened.error());
    if (warnings != nullptr) {
      if (folders.empty()) warn_of_own_walk(opened->get(), *warnings);
      warn_of_missing_pages(opened->get(), files->root, files->options, *warnings);
    }
    folders.try_emplace(files->root, lasting_path(files->root),
                        to != nullptr ? std::make_unique<RootNotice>(files->root, *to) : nullptr);
  }
  return folders;
}

// Makes the actions of one worker, and keeps what they use.
class Workshop {
 public:
  Workshop(std::shared_ptr<const Plan> plan, const SiteServices& worker)
      : plan_(std::move(plan)),
        loop_(worker.loop),
        files_{.coding = worker.coding,
               .slow = worker.slow,
               .hashing = worker.hashing,
               .timers = worker.loop.timers(),
               .pool = worker.pool,
               .clock = worker.loop.turn_clock(),
               .limits = plan_->limits,
               .notice = say(),
               .secret = plan_->secret} {}

  std::unique_ptr<RouteAction> make(const SiteAction& action) {
    if (const auto* files = std::get_if<FilesSpec>(&action.spec)) return make_files(*files);
    if (const auto* redirect = std::get_if<RedirectSpec>(&action.spec)) {
      return std::make_unique<RedirectAction>(*redirect, action.headers);
    }
    if (const auto* respond = std::get_if<RespondSpec>(&action.spec)) {
      return std::make_unique<RespondAction>(*respond, action.headers);
    }
    return std::make_unique<EmbeddedHandler>(embedded_page(), build_text(), action.headers);
  }

 private:
  std::unique_ptr<RouteAction> make_files(const FilesSpec& files) {
    const Folder& folder = plan_->folders.at(files.root);
    RootReport report;
    if (folder.notice != nullptr) {
      report = [plan = plan_, &folder](const RootLook& look) { folder.notice->look(look); };
    }
    UvFileReader& reader =
        readers_.emplace_back(loop_, files_.pool, folder.path, std::move(report));
    return std::make_unique<StaticHandler>(reader, files.options, files_);
  }

  std::function<void(const std::string&)> say() const {
    if (plan_->notice == nullptr) return {};
    return [plan = plan_](const std::string& text) { plan->notice->say(text); };
  }

  const std::shared_ptr<const Plan> plan_;
  Loop& loop_;
  FileServices files_;
  std::deque<UvFileReader> readers_;
};

}  // namespace

Checked<SnapshotSource::MakeSite> make_sites(std::vector<SiteSpec> sites, SiteShare share,
                                             std::vector<std::string>* warnings,
                                             const Operator* to) {
  auto table = std::make_shared<const SiteTable>(std::move(sites));
  auto folders = look_at_folders(*table, warnings, to);
  if (!folders) return std::unexpected(folders.error());
  auto plan = std::make_shared<const Plan>(
      Plan{.table = std::move(table),
           .folders = std::move(*folders),
           .limits = limits_of(share),
           .secret = random_secret(),
           .notice = to != nullptr ? std::make_unique<SiteNotice>(*to) : nullptr});
  return [plan = std::move(plan), port = share.https_port](const SiteServices& worker) {
    const auto make = [shop = std::make_shared<Workshop>(plan, worker)](const SiteAction& action) {
      return shop->make(action);
    };
    return Site{.handler = std::make_unique<Router>(plan->table, make, port),
                .redirect = std::make_unique<HttpsRedirect>(plan->table, port)};
  };
}

Checked<SnapshotSource::MakeSite> static_site(const std::string& root, SiteOptions options,
                                              SiteShare share) {
  SiteSpec site;
  site.routes.push_back({.action = FilesSpec{root, std::move(options)}});
  return make_sites({std::move(site)}, share);
}

}  // namespace troika
