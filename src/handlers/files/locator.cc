#include "handlers/files/locator.h"

#include <utility>

#include "handlers/file_names.h"
#include "http/semantics/negotiation.h"

namespace troika {
namespace {

using Kind = Location::Kind;

bool is_regular(const Result<Ref<CachedFile>>& file) noexcept {
  return file && (*file)->is_regular();
}

}  // namespace

void Locator::find(Done done) {
  done_ = std::move(done);
  const std::string_view path = scope_.path;
  if (path.empty()) return finish({.kind = scope_.root ? Kind::redirect : Kind::absent});
  if (!scope_.options().dotfiles && is_hidden(path)) return not_found();
  name_ = path.substr(1);
  if (name_.empty() || name_.ends_with('/')) {
    scope_.open(name_ + "index.html", [this](auto file) { on_index(std::move(file)); });
  } else {
    scope_.open(name_, [this](auto file) { on_target(std::move(file)); });
  }
}

void Locator::fall_back(Done done) {
  done_ = std::move(done);
  not_found();
}

void Locator::on_target(Result<Ref<CachedFile>> file) {
  if (has_failed(file)) return;
  if (!file) return try_html(Kind::absent);
  if ((*file)->is_regular()) return found(std::move(*file), std::move(name_));
  if ((*file)->is_folder()) return try_html(Kind::redirect);
  not_found();
}

void Locator::on_index(Result<Ref<CachedFile>> file) {
  if (is_regular(file)) return found(std::move(*file), name_ + "index.html");
  if (has_failed(file)) return;
  if (scope_.options().listing) return open_folder();
  not_found();
}

// Clean URLs: "about" stands for "about.html".
void Locator::try_html(Kind otherwise) {
  if (!scope_.options().clean_urls) return settle(otherwise);
  scope_.open(name_ + ".html", [this, otherwise](auto file) {
    if (has_failed(file)) return;
    if (!is_regular(file)) return settle(otherwise);
    found(std::move(*file), name_ + ".html");
  });
}

void Locator::open_folder() {
  const std::string folder =
      name_.empty() ? "." : name_.substr(0, name_.size() - 1);  // without its slash
  scope_.open(folder, [this](Result<Ref<CachedFile>> file) {
    if (has_failed(file)) return;
    if (!file || !(*file)->is_folder()) return not_found();
    finish({.kind = Kind::listing, .file = std::move(*file)});
  });
}

void Locator::not_found() {
  const std::string_view path = scope_.path;
  const SiteOptions& options = scope_.options();
  if (!options.spa || (!options.dotfiles && is_hidden(path))) return finish({});
  if (path.substr(path.rfind('/')).contains('.')) {
    scope_.varies_by_accept = true;  // whether it is a 404 or the page
    if (!names_media_type(scope_.request.headers, "text/html")) return finish({});
  }
  scope_.open("index.html", [this](Result<Ref<CachedFile>> file) {
    if (has_failed(file)) return;
    if (!is_regular(file)) return finish({});
    found(std::move(*file), "index.html");
  });
}

void Locator::settle(Kind kind) {
  if (kind == Kind::absent) return not_found();
  finish({.kind = kind});
}

bool Locator::has_failed(const Result<Ref<CachedFile>>& file) {
  if (file || is_absent(file.error().code)) return false;
  scope_.site.failed_to_open(file.error());
  finish({.kind = Kind::failed, .error = file.error().code});
  return true;
}

void Locator::found(Ref<CachedFile> file, std::string name) {
  scope_.name = std::move(name);
  finish({.kind = Kind::file, .file = std::move(file)});
}

void Locator::finish(Location location) {
  auto done = std::move(done_);
  done(std::move(location));
}

}  // namespace troika
