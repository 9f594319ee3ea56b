#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace troika {

// The Allow field of files, which are only read.
inline constexpr std::string_view kAllow = "GET, HEAD, OPTIONS";

// Options for a folder of files; the same for all workers, and never changed.
struct SiteOptions {
  struct CacheRule {
    std::string glob;   // as Glob takes it
    std::string value;  // of Cache-Control
    bool operator==(const CacheRule&) const = default;
  };
  struct HeaderRule {
    std::string name, value;
    std::string glob{};  // of files; empty: all responses
    bool operator==(const HeaderRule&) const = default;
  };

  bool listing = false;     // folders without an index file are listed
  bool spa = false;         // missing pages fall back to /index.html
  bool clean_urls = false;  // about.html is served for /about
  bool dotfiles = false;    // names that begin with a dot or end with "~" are served
  bool compress = true;     // on the fly; precompressed files are always used
  bool precoded = false;    // x.js.gz is served as an encoded x.js if x.js is missing
  std::vector<std::pair<std::uint16_t, std::string>>
      error_pages{};               // status, path beneath the root
  std::vector<CacheRule> cache{};  // the first match applies
  // Extension (in lower case, without a dot) and Content-Type; takes precedence over the table.
  std::vector<std::pair<std::string, std::string>> types{};
  // Several rules for one name add several fields. If a file matches rules with a glob, only those
  // apply.
  std::vector<HeaderRule> headers{};
  std::vector<std::string> cors{};  // origins that may read responses; "*": all of them
  bool operator==(const SiteOptions&) const = default;
};

// How much of something there may be at a time: of all connections, and of one.
struct Quota {
  static constexpr std::uint64_t kAnyBytes = UINT64_MAX;

  std::size_t count;
  std::size_t count_each;
  std::uint64_t bytes = kAnyBytes;
  std::uint64_t bytes_each = 0;  // one connection may have more than count_each that are no larger
};

// Limits of one worker: its share of those of the process.
struct SiteLimits {
  std::size_t cache_bytes = 64U << 20U;    // small files and compressed results in memory
  std::size_t cache_files = 512;           // kept open
  std::size_t open_files = 4096;           // kept or being sent; beyond it 503
  std::size_t small_body = 64U << 10U;     // files up to this are kept in memory
  std::size_t compress_least = 1024;       // smaller files are not compressed
  std::size_t compress_whole = 1U << 20U;  // up to this, files are compressed once and kept
  // Streams being compressed; beyond it identity, or 503 if that is refused.
  Quota live_encoders{.count = 64, .count_each = 4};
  // Files that wait to be compressed as a whole, or are; beyond it identity, or a stream.
  Quota coding{.count = 128, .count_each = 2, .bytes = 8U << 20U, .bytes_each = 1U << 20U};
  std::uint64_t digest_bytes = 256U << 20U;     // larger files get no Repr-Digest
  std::uint64_t content_tag_bytes = 1U << 20U;  // larger files are tagged by their times
  // Files that wait to be hashed, or are: those that are tagged by it, beyond it a weak tag, and
  // others, beyond it no Repr-Digest.
  Quota tags{.count = 128, .count_each = 2, .bytes = 64U << 20U, .bytes_each = 8U << 20U};
  Quota digests{.count = 8, .count_each = 2, .bytes = 1U << 30U};
  std::size_t digests_kept = 8192;        // for tags of files that are no longer open
  std::size_t listing_entries = 200'000;  // read of one folder
  std::size_t listing_page = 1000;        // on one page
  // Being made, and being made or sent; beyond it 503. Of the ones that wait to be made, the first
  // of each connection go first, then the second, and so on.
  Quota listings_made{.count = 128, .count_each = 64};
  Quota listings{.count = 128, .count_each = 64};
  std::size_t listings_kept = 16;
  Duration listing_fresh = std::chrono::seconds(1);  // so long one is kept
  // A request waits so long until its file is compressed or hashed, unless that has begun.
  Duration patience = std::chrono::milliseconds(250);
  // After this time the folder is looked for again, and a file is checked.
  Duration fresh = std::chrono::milliseconds(100);
  Duration idle = std::chrono::seconds(10);  // without a request for a file, until it is closed
  // Without any request, until the folder and all files are closed. Less than a second, so that it
  // can be unmounted after one.
  Duration quiet = std::chrono::milliseconds(750);
};

// Shared with tasks on the thread pool, which may outlive the handler.
struct SiteSettings {
  SiteOptions options;
  SiteLimits limits;
};

}  // namespace troika
