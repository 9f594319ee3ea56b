#include "handlers/files/static_handler.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "handlers/file_names.h"
#include "handlers/files/bodies.h"
#include "handlers/files/fields.h"
#include "handlers/files/file_response.h"
#include "handlers/files/locator.h"
#include "handlers/files/preparation.h"
#include "handlers/files/representation.h"
#include "handlers/files/static_site.h"
#include "handlers/listing/listing.h"
#include "handlers/listing/listing_page.h"
#include "handlers/media_type.h"
#include "http/message/error_response.h"

namespace troika {
namespace {

// One request: finds its file, chooses a representation, waits for its preparation, and responds.
// Each step may complete at once or later.
class StaticJob final : public Job {
 public:
  StaticJob(StaticSite& site, const RequestContext& context, std::string_view path,
            Responder& responder)
      : responder_(responder),
        scope_{.site = site, .request = context.request, .peer = context.peer, .path = path} {}
  StaticJob(const StaticJob&) = delete;
  StaticJob& operator=(const StaticJob&) = delete;
  // The operation goes first: it may live in a file that only this job still has.
  ~StaticJob() override { scope_.operation.reset(); }

  // Both: false when it has responded already.
  bool begin();
  bool begin_to_fail(std::uint16_t status, HeaderMap fields);

 private:
  void start();
  void on_location(Location location);
  void list(Ref<CachedFile> folder);
  void look_at(Ref<CachedFile> folder);
  void make_listing(Ref<CachedFile> folder, Ref<KeptListings::Listing> listing);
  void send_listing(const Result<Content>& text, Permit permit);
  void redirect_to_folder();

  void serve(Ref<CachedFile> file);
  void choose();
  void on_prepared(Preparation::Outcome outcome);
  void look_again();
  void send();

  // A response without a file: the site's page for the status, or a short text.
  void fail_with(std::uint16_t status, HeaderMap fields = {});
  void send_page(std::uint16_t status, const Ref<CachedFile>& page, const std::string& path,
                 const HeaderMap& fields);
  void refuse(ErrorCode code);
  void fail_to_open(const Error& why);
  void respond(ResponseHead head, std::unique_ptr<BodySource> body);

  Responder& responder_;
  SiteRequest scope_;
  Locator locator_{scope_};
  StoredForms forms_{scope_};
  Representation representation_;
  Preparation preparation_{scope_};
  bool responded_ = false;
};

bool StaticJob::begin() {
  if (scope_.request.method == Method::options) {
    HeaderMap allow;
    allow.add("allow", kAllow);
    respond({.status = 204, .headers = std::move(allow)}, nullptr);
  } else {
    scope_.await(scope_.site.cache.find_root([this](Result<Ref<RootFolder>> root) {
      if (!root && !is_absent(root.error().code)) return fail_to_open(root.error());
      if (root) scope_.root = std::move(*root);
      start();
    }));
  }
  return !responded_;
}

bool StaticJob::begin_to_fail(std::uint16_t status, HeaderMap fields) {
  scope_.await(scope_.site.cache.find_root(
      [this, status, fields = std::move(fields)](Result<Ref<RootFolder>> root) mutable {
        if (root) scope_.root = std::move(*root);
        fail_with(status, std::move(fields));
      }));
  return !responded_;
}

void StaticJob::start() {
  if (scope_.is_get() || scope_.request.method == Method::head) {
    return locator_.find([this](Location location) { on_location(std::move(location)); });
  }
  HeaderMap allow;
  allow.add("allow", kAllow);
  fail_with(405, std::move(allow));
}

void StaticJob::on_location(Location location) {
  switch (location.kind) {
    case Location::Kind::file: return serve(std::move(location.file));
    case Location::Kind::listing: return list(std::move(location.file));
    case Location::Kind::redirect: return redirect_to_folder();
    case Location::Kind::absent: return fail_with(404);
    case Location::Kind::failed: return refuse(location.error);
  }
}

// All that the text of a listing depends on.
std::string key_of_listing(const struct stat& folder, const Request& request,
                           const SiteOptions& options) {
  const ListingQuery query = parse_listing_query(request);
  std::string key = request.target.path;
  append_formatted(key, "\n{} {} {} {}", name_of(query.key), query.descending, query.page,
                   query.json);
  for (const std::uint64_t part : key_of(folder)) append_formatted(key, " {:x}", part);
  append_formatted(key, " {}", static_cast<const void*>(&options));
  return key;
}

void StaticJob::list(Ref<CachedFile> folder) {
  StaticSite& site = scope_.site;
  if (!site.shared.listings->admits(&scope_.peer)) return refuse(ErrorCode::unavailable);
  auto listing = site.shared.kept_listings.find(
      key_of_listing(folder->file().info(), scope_.request, scope_.options()));
  if (const Content* const text = listing->text.get()) {
    return send_listing(*text, Permit(site.shared.listings, &scope_.peer));
  }
  if (!scope_.is_get()) return look_at(std::move(folder));
  if (!listing->text.is_claimed() && !site.shared.listed->admits(&scope_.peer)) {
    return refuse(ErrorCode::unavailable);
  }
  make_listing(std::move(folder), std::move(listing));
}

// HEAD makes no listing, but has to know whether there would be one.
void StaticJob::look_at(Ref<CachedFile> folder) {
  StaticSite& site = scope_.site;
  if (!site.shared.listed->admits(&scope_.peer)) return refuse(ErrorCode::unavailable);
  const OpenFile& open_folder = folder->file();
  scope_.await(site.slow.run(listing_look(
      open_folder, [this, folder = std::move(folder),
                    permit = Permit(site.shared.listed, &scope_.peer)](Status readable) {
        if (!readable) return refuse(readable.error().code);
        scope_.varies_by_accept = true;
        respond({.status = 200, .headers = fields_of_listing(scope_.request)}, unsized_body());
      })));
}

void StaticJob::make_listing(Ref<CachedFile> folder, Ref<KeptListings::Listing> listing) {
  StaticSite& site = scope_.site;
  auto& text = listing->text;
  scope_.operation = text.wait(
      [this, listing, permit = Permit(site.shared.listings, &scope_.peer)](
          const Result<Content>& made) mutable { send_listing(made, std::move(permit)); });
  if (!text.claim()) return;
  const OpenFile& open_folder = folder->file();
  const std::size_t ahead = site.shared.listed->count_of(&scope_.peer);
  auto made = [&pool = site.pool, &clock = site.clock, listing = std::move(listing),
               folder = std::move(folder),
               permit = Permit(site.shared.listed, &scope_.peer)](Result<std::string> all) {
    listing->made = clock.now();
    listing->text.finish(all.transform(
        [&pool](const std::string& t) { return content_of(pool, std::as_bytes(std::span(t))); }));
  };
  site.slow.post(listing_task(open_folder, scope_.request, site.settings, ahead, std::move(made)));
}

void StaticJob::send_listing(const Result<Content>& text, Permit permit) {
  if (!text) return refuse(text.error().code);
  scope_.varies_by_accept = true;
  respond({.status = 200, .headers = fields_of_listing(scope_.request)},
          content_body(*text, std::move(permit)));
}

// The path begins with exactly one slash and contains no backslash, so no client can take the
// reference for one that names a host.
void StaticJob::redirect_to_folder() {
  const Target& target = scope_.request.target;
  HeaderMap fields;
  std::string location = encode_path(target.path) + "/";
  if (!target.query.empty()) location += "?" + encode_query(target.query);
  fields.add("location", location);
  fail_with(308, std::move(fields));
}

void StaticJob::serve(Ref<CachedFile> file) {
  forms_.look_for(std::move(file), [this] { choose(); });
}

void StaticJob::choose() {
  StaticSite& site = scope_.site;
  Offers& offers = forms_.offers();
  site.cache.trim();
  offers.may_keep = offers.may_keep && !site.cache.is_full();
  const bool streams = offers.live(scope_.limits()) == Representation::Form::streamed;
  offers.may_stream = !streams || !scope_.is_get() || site.shared.streams->admits(&scope_.peer);
  auto chosen = choose_representation(offers, scope_.request, scope_.options(), scope_.limits());
  if (!chosen) {
    const bool busy =
        !offers.may_stream && offers.live(scope_.limits()) == Representation::Form::streamed;
    if (busy) return refuse(ErrorCode::unavailable);
    HeaderMap fields;
    fields.add("vary", "accept-encoding");
    return fail_with(406, std::move(fields));
  }
  representation_ = std::move(*chosen);
  preparation_.prepare(representation_,
                       [this](Preparation::Outcome outcome) { on_prepared(outcome); });
}

void StaticJob::on_prepared(Preparation::Outcome outcome) {
  switch (outcome) {
    case Preparation::Outcome::ready: return send();
    case Preparation::Outcome::not_kept: forms_.offers().may_keep = false; return choose();
    case Preparation::Outcome::busy: forms_.offers().busy = true; return choose();
    case Preparation::Outcome::outdated: return look_again();
  }
}

void StaticJob::look_again() {
  forms_.doubt();
  forms_.release();
  representation_ = {};
  std::string name = std::exchange(scope_.name, {});
  scope_.open(name, [this, name](Result<Ref<CachedFile>> file) mutable {
    if (!file) return fail_to_open(file.error());
    if (!(*file)->is_regular()) return refuse(ErrorCode::not_found);
    scope_.name = std::move(name);
    serve(std::move(*file));
  });
}

void StaticJob::send() {
  const Selection& selection = preparation_.selection();
  const bool varies =
      representation_.is_live() || forms_.offers().varies(scope_.options(), scope_.limits());
  if (selection.kind == Selection::Kind::precondition_failed) return fail_with(412);
  if (selection.kind == Selection::Kind::unsatisfiable) {
    return fail_with(416, fields_of_unsatisfiable(representation_, varies));
  }
  FileResponse response(scope_, representation_, selection, varies);
  forms_.release();
  respond(std::move(response.head), std::move(response.body));
}

void StaticJob::fail_with(std::uint16_t status, HeaderMap fields) {
  const auto& pages = scope_.options().error_pages;
  const auto page = std::ranges::find(pages, status, &std::pair<std::uint16_t, std::string>::first);
  const auto short_text = [this, status](const HeaderMap& extra) {
    auto [head, body] = error_response(status);
    // RFC 9110 §15.1: caches may keep a 308 or a 404 as long as they like.
    head.headers.add("cache-control", "no-cache");
    for (const auto [name, value] : extra) head.headers.set(name, value);
    respond(std::move(head), std::move(body));
  };
  if (page == pages.end()) return short_text(fields);
  const std::string& path = page->second;
  scope_.open(path, [this, &path, status, short_text,
                     fields = std::move(fields)](Result<Ref<CachedFile>> file) mutable {
    if (!file || !(*file)->is_regular()) return short_text(fields);
    const Ref<CachedFile> found = std::move(*file);
    scope_.await(
        scope_.site.cache.load(found, [this, found, &path, status, fields = std::move(fields)] {
          send_page(status, found, path, fields);
        }));
  });
}

void StaticJob::send_page(std::uint16_t status, const Ref<CachedFile>& page,
                          const std::string& path, const HeaderMap& fields) {
  ResponseHead head{.status = status, .headers = {}};
  head.headers.add("content-type", media_type_of(scope_.options(), path).text);
  head.headers.add("cache-control", "no-cache");
  head.headers.add("x-content-type-options", "nosniff");
  for (const auto [name, value] : fields) head.headers.set(name, value);
  respond(std::move(head), file_body(scope_.site.files, page, 0, page->size()));
}

void StaticJob::refuse(ErrorCode code) {
  if (is_absent(code)) {
    return locator_.fall_back([this](Location location) { on_location(std::move(location)); });
  }
  if (code != ErrorCode::unavailable) return fail_with(500);
  HeaderMap fields;
  fields.add("retry-after", "1");
  fail_with(503, std::move(fields));
}

void StaticJob::fail_to_open(const Error& why) {
  scope_.site.failed_to_open(why);
  refuse(why.code);
}

void StaticJob::respond(ResponseHead head, std::unique_ptr<BodySource> body) {
  if (scope_.varies_by_accept) add_vary(head.headers, "accept");
  add_cors(scope_.options(), scope_.request, head.headers);
  add_own_fields(scope_.options().headers, scope_.name, head.headers);
  responded_ = true;
  scope_.root = {};  // a slow reader needs no more than its file
  std::ignore = responder_.respond(std::move(head), std::move(body));
}

}  // namespace

struct StaticHandler::State {
  State(FileReader& files, SiteOptions options, FileServices& shared)
      : site{.files = files,
             .coding = shared.coding,
             .slow = shared.slow,
             .hashing = shared.hashing,
             .timers = shared.timers,
             .pool = shared.pool,
             .clock = shared.clock,
             .settings = std::make_shared<const SiteSettings>(std::move(options), shared.limits),
             .shared = shared,
             .cache = FileCache(files, shared.timers, shared.clock, shared.kept)} {}
  StaticSite site;
};

StaticHandler::StaticHandler(FileReader& files, SiteOptions options, FileServices& shared)
    : state_(std::make_unique<State>(files, std::move(options), shared)) {}

StaticHandler::~StaticHandler() = default;

std::unique_ptr<Job> StaticHandler::act(RequestContext context, Responder& responder,
                                        std::string_view path) {
  if (const std::uint16_t status = refusal_of(context.request)) {
    auto [head, body] = error_response(status);
    std::ignore = responder.respond(std::move(head), std::move(body));
    return nullptr;
  }
  auto job = std::make_unique<StaticJob>(state_->site, context, path, responder);
  if (!job->begin()) return nullptr;
  return job;
}

std::unique_ptr<Job> StaticHandler::fail(RequestContext context, Responder& responder,
                                         std::uint16_t status, HeaderMap fields) {
  auto job =
      std::make_unique<StaticJob>(state_->site, context, context.request.target.path, responder);
  if (!job->begin_to_fail(status, std::move(fields))) return nullptr;
  return job;
}

}  // namespace troika
