#include "handlers/files/static_job.h"

#include <algorithm>
#include <utility>

#include "handlers/answers.h"
#include "handlers/files/bodies.h"
#include "handlers/files/fields.h"
#include "handlers/listing/listing_page.h"
#include "http/message/error_response.h"

// Finding the file: from the target to an open regular file, a listing, or an error.

namespace troika {

StaticJob::StaticJob(StaticSite& site, const RequestContext& context, Responder& responder)
    : site_(site), request_(context.request), responder_(responder) {}

bool StaticJob::begin() {
  if (request_.method == Method::options) {
    HeaderMap allow;
    allow.add("allow", kAllow);
    respond({.status = 204, .headers = std::move(allow)}, nullptr);
  } else {
    await(site_.cache.find_root([this](Result<Ref<RootFolder>> root) {
      if (!root && !is_absent(root.error().code)) return refuse(root.error().code);
      if (root) root_ = std::move(*root);
      start();
    }));
  }
  return !answered_;
}

void StaticJob::start() {
  if (!is_get() && request_.method != Method::head) {
    HeaderMap allow;
    allow.add("allow", kAllow);
    fail_with(405, std::move(allow));
  } else if (!options().dotfiles && is_hidden(request_.target.path)) {
    not_found();
  } else {
    locate();
  }
}

void StaticJob::locate() {
  name_ = request_.target.path.substr(1);
  if (name_.empty() || name_.ends_with('/')) {
    open(name_ + "index.html", [this](auto file) { on_index(std::move(file)); });
  } else {
    open(name_, [this](auto file) { on_located(std::move(file)); });
  }
}

void StaticJob::on_located(Result<Ref<CachedFile>> file) {
  if (!file) {
    if (!is_absent(file.error().code)) return refuse(file.error().code);
    return try_html([this] { not_found(); });
  }
  if ((*file)->is_regular()) return serve(std::move(*file), name_);
  if ((*file)->is_folder()) return try_html([this] { redirect_to_folder(); });
  not_found();
}

void StaticJob::on_index(Result<Ref<CachedFile>> file) {
  if (file && (*file)->is_regular()) return serve(std::move(*file), name_ + "index.html");
  if (!file && !is_absent(file.error().code)) return refuse(file.error().code);
  if (options().listing) return open_folder();
  not_found();
}

// Clean URLs: "about" stands for "about.html".
void StaticJob::try_html(std::move_only_function<void()> otherwise) {
  if (!options().clean_urls) return otherwise();
  open(name_ + ".html", [this, otherwise = std::move(otherwise)](auto file) mutable {
    if (!file && !is_absent(file.error().code)) {
      return refuse(file.error().code);
    }
    if (!file || !(*file)->is_regular()) return otherwise();
    serve(std::move(*file), name_ + ".html");
  });
}

void StaticJob::open_folder() {
  const std::string folder =
      name_.empty() ? "." : name_.substr(0, name_.size() - 1);  // without its slash
  open(folder, [this](Result<Ref<CachedFile>> file) {
    if (!file && !is_absent(file.error().code)) return refuse(file.error().code);
    if (!file || !(*file)->is_folder()) return not_found();
    list(std::move(*file));
  });
}

namespace {

class ListTask final : public Background::Task {
 public:
  using Done = std::move_only_function<void(Result<std::string>)>;
  ListTask(Ref<CachedFile> folder, std::string path, const ListingQuery& query,
           std::shared_ptr<const StaticSite::Settings> settings, Done done)
      : folder_(std::move(folder)),
        path_(std::move(path)),
        query_(query),
        settings_(std::move(settings)),
        done_(std::move(done)) {}

  void work() noexcept override {
    const auto page = read_listing(folder_->file(), std::move(path_), query_, settings_->options,
                                   settings_->limits);
    text_ = page.transform(query_.json ? render_json : render_html);
  }
  void finish() override { done_(std::move(text_)); }

 private:
  Ref<CachedFile> folder_;
  std::string path_;
  ListingQuery query_;
  std::shared_ptr<const StaticSite::Settings> settings_;
  Done done_;
  Result<std::string> text_;
};

}  // namespace

void StaticJob::list(Ref<CachedFile> folder) {
  if (site_.listings->count >= limits().listings) return refuse(ErrorCode::unavailable);
  await(site_.slow.run(std::make_unique<ListTask>(
      std::move(folder), request_.target.path, parse_listing_query(request_), site_.settings,
      [this, place = LivePlace(site_.listings)](Result<std::string> text) mutable {
        on_listing(std::move(text), std::move(place));
      })));
}

void StaticJob::on_listing(Result<std::string> text, LivePlace place) {
  if (!text) return refuse(text.error().code);
  ResponseHead head;
  head.headers.add("content-type", parse_listing_query(request_).json ? "application/json"
                                                                      : "text/html; charset=utf-8");
  head.headers.add("cache-control", "no-cache");
  head.headers.add("content-security-policy", listing_policy());
  head.headers.add("x-content-type-options", "nosniff");
  depends_on_accept_ = true;
  respond(std::move(head),
          content_body(content_of(site_.pool, std::as_bytes(std::span(*text))), std::move(place)));
}

// The path begins with exactly one slash and holds no backslash, so that no client can take the
// reference for one that names a host.
void StaticJob::redirect_to_folder() {
  HeaderMap fields;
  std::string location = encode_path(request_.target.path) + "/";
  if (!request_.target.query.empty()) location += "?" + encode_query(request_.target.query);
  fields.add("location", location);
  fail_with(308, std::move(fields));
}

void StaticJob::not_found() {
  const std::string_view path = request_.target.path;
  if (!options().spa || (!options().dotfiles && is_hidden(path))) return fail_with(404);
  if (path.substr(path.rfind('/')).contains('.')) {
    depends_on_accept_ = true;  // RFC 9110 §12.5.5, for either answer
    if (!names_media_type(request_.headers, "text/html")) return fail_with(404);
  }
  open("index.html", [this](Result<Ref<CachedFile>> file) {
    if (!file && !is_absent(file.error().code)) return refuse(file.error().code);
    if (!file || !(*file)->is_regular()) return fail_with(404);
    serve(std::move(*file), "index.html");
  });
}

// What may not be read looks like what is not there.
void StaticJob::refuse(ErrorCode code) {
  if (is_absent(code)) return not_found();
  if (code != ErrorCode::unavailable) return fail_with(500);
  HeaderMap fields;
  fields.add("retry-after", "1");
  fail_with(503, std::move(fields));
}

void StaticJob::fail_with(std::uint16_t status, HeaderMap fields) {
  const auto page = std::ranges::find(options().error_pages, status,
                                      &std::pair<std::uint16_t, std::string>::first);
  const auto short_text = [this, status](const HeaderMap& extra) {
    auto [head, body] = error_answer(status);
    // 308 and 404 may be kept by a cache as long as it likes (RFC 9110 §15.1).
    head.headers.add("cache-control", "no-cache");
    for (const auto [name, value] : extra) head.headers.set(name, value);
    respond(std::move(head), std::move(body));
  };
  if (page == options().error_pages.end()) return short_text(fields);
  const std::string& path = page->second;
  open(path, [this, &path, status, short_text,
              fields = std::move(fields)](Result<Ref<CachedFile>> file) mutable {
    if (!file || !(*file)->is_regular()) return short_text(fields);
    const Ref<CachedFile> found = std::move(*file);
    await(site_.cache.load(found, [this, found, &path, status, fields = std::move(fields)] {
      send_page(status, found, path, fields);
    }));
  });
}

void StaticJob::send_page(std::uint16_t status, const Ref<CachedFile>& page,
                          const std::string& path, const HeaderMap& fields) {
  ResponseHead head{.status = status, .headers = {}};
  head.headers.add("content-type", media_type_of(options(), path).text);
  head.headers.add("cache-control", "no-cache");
  head.headers.add("x-content-type-options", "nosniff");
  for (const auto [name, value] : fields) head.headers.set(name, value);
  respond(std::move(head), file_body(site_.files, page, 0, page->size()));
}

void StaticJob::respond(ResponseHead head, std::unique_ptr<BodySource> body) {
  if (depends_on_accept_) add_vary(head.headers, "accept");
  add_cors(options(), request_, head.headers);
  const bool found = offers_.file || variant_.file;
  add_own_fields(options(), found ? std::string_view(name_) : "", head.headers);
  answered_ = true;
  root_ = {};  // a slow reader needs no more than its file
  std::ignore = responder_.respond(std::move(head), std::move(body));
}

}  // namespace troika
