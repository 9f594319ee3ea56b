#pragma once
#include <memory>
#include <string>
#include <vector>

#include "handlers/files/awaited.h"
#include "handlers/files/derived.h"
#include "handlers/files/file_cache.h"
#include "handlers/files/representation.h"
#include "handlers/listing/listing.h"
#include "handlers/site_options.h"
#include "http/exchange/handler.h"
#include "http/semantics/range.h"
#include "ports/background.h"
#include "ports/file_reader.h"

namespace troika {

// What all requests of a worker's site share; outlives them.
struct StaticSite {
  // Tasks on the thread pool may outlive the handler.
  struct Settings {
    SiteOptions options;
    SiteLimits limits;
  };
  FileReader& files;
  Background& coding;
  Background& slow;
  Background& hashing;
  BufferPool& pool;
  const Clock& clock;
  std::shared_ptr<const Settings> settings;
  std::string secret;
  std::function<void(const std::string&)> notice;
  FileCache cache;
  Ref<LiveCount> streams = make_ref<LiveCount>();  // being compressed
  Ref<LiveCount> listings = make_ref<LiveCount>();
  Ref<LiveCount> hashed = make_ref<LiveCount>();  // files, being hashed or waiting for it
  Ref<DigestTable> digests = make_ref<DigestTable>(settings->limits.digests_kept);
};

// One request: finds its file, chooses what to send of it, waits for what has to be worked out, and
// answers. Each step may complete at once or later.
class StaticJob final : public Job {
 public:
  StaticJob(StaticSite& site, const RequestContext& context, Responder& responder);
  // False when the answer has been given already.
  bool begin();

 private:
  void start();
  void locate();
  void on_located(Result<Ref<CachedFile>> file);
  void on_index(Result<Ref<CachedFile>> file);
  void try_html(std::move_only_function<void()> otherwise);
  void open_folder();
  void list(Ref<CachedFile> folder);
  void on_listing(Result<std::string> text, LivePlace place);
  void redirect_to_folder();
  void not_found();
  // Nothing is there, or it may not be read: both look the same.
  static bool is_absent(ErrorCode code) noexcept {
    return code == ErrorCode::not_found || code == ErrorCode::denied;
  }
  void refuse(ErrorCode code);

  void serve(Ref<CachedFile> file, std::string name);
  void on_plain(const Result<Ref<CachedFile>>& file);
  void check_precoded();
  void next_sidecar();
  void on_sidecar(Coding coding, const Result<Ref<CachedFile>>& file);
  void check_zstd(const Ref<CachedFile>& file, const std::string& name,
                  std::move_only_function<void(bool)> then);
  void doubt_sidecars();
  void choose();
  void evaluate();
  bool needs_tag();
  void proceed();
  bool needs_encoded();
  bool needs_digest();
  bool await_digest(std::move_only_function<void()> then);
  bool needs_body();
  bool is_outdated();
  void send_file();
  void add_digest(HeaderMap& headers);
  void refuse_range(const HeaderMap& of_file);
  std::unique_ptr<BodySource> whole_body();
  std::unique_ptr<BodySource> parts_body(ResponseHead& head);

  // An answer that is no file: its page, when the site has one for the status, else a short text.
  void fail_with(std::uint16_t status, HeaderMap fields = {});
  void send_page(std::uint16_t status, const Ref<CachedFile>& page, const std::string& path,
                 const HeaderMap& fields);
  void respond(ResponseHead head, std::unique_ptr<BodySource> body);

  // Keeps what is not done yet. Null, what completed at once, must not displace what that began.
  void await(std::unique_ptr<Operation> operation) {
    if (operation != nullptr) operation_ = std::move(operation);
  }
  void open(std::string_view name, FileCache::Opened done) {
    await(site_.cache.open(root_, name, std::move(done)));
  }
  const SiteOptions& options() const noexcept { return site_.settings->options; }
  const SiteLimits& limits() const noexcept { return site_.settings->limits; }
  bool is_get() const noexcept { return request_.method == Method::get; }

  StaticSite& site_;
  const Request& request_;
  Responder& responder_;
  Ref<RootFolder> root_;  // all that is opened is of it; null: it is not there
  std::string name_;      // beneath the root, of the file that is served
  Offers offers_;
  std::size_t sidecar_ = 0;  // the next to look for
  Variant variant_;
  Validators validators_;
  RangeChoice ranges_;
  bool depends_on_accept_ = false;
  bool not_modified_ = false;
  bool body_tried_ = false, digest_failed_ = false, retried_ = false;
  bool answered_ = false;
  // Last, so that it goes first: what it waits for may live in a file that only this job still has.
  std::unique_ptr<Operation> operation_;
};

}  // namespace troika
