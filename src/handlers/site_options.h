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

// What a person chose for a folder of files; the same for all workers, and never changed.
struct SiteOptions {
  struct CacheRule {
    std::string glob;   // as matches_glob() takes it
    std::string value;  // of the Cache-Control field
  };
  struct HeaderRule {
    std::string name, value;
    std::string glob{};  // of files; empty: every answer
    bool operator==(const HeaderRule&) const = default;
  };

  bool listing = false;     // folders without an index file are listed
  bool spa = false;         // pages that are not there are answered by /index.html
  bool clean_urls = false;  // /about is answered by about.html
  bool dotfiles = false;    // names that begin with a dot or end in "~" are served
  bool compress = true;     // on the fly; precompressed are used in any case
  bool precoded = false;    // x.js.gz is sent as script that is coded, when there is no x.js
  std::vector<std::pair<std::uint16_t, std::string>>
      error_pages{};               // status, path beneath the root
  std::vector<CacheRule> cache{};  // the first that matches
  // Extension (in lower case, without a dot) and Content-Type; before the table of media types.
  std::vector<std::pair<std::string, std::string>> types{};
  // Of a name that is there several times, each value is sent; but when a file matches some with a
  // glob, those alone.
  std::vector<HeaderRule> headers{};
  std::vector<std::string> cors{};  // origins that may read; one "*": all of them
};

// Bounds of what a handler keeps; for one worker, its share of the process.
struct SiteLimits {
  std::size_t cache_bytes = 64U << 20U;      // of bodies kept: small files, compressed results
  std::size_t cache_files = 512;             // kept open
  std::size_t open_files = 4096;             // kept, or being sent; beyond it 503
  std::size_t small_body = 64U << 10U;       // files up to this are kept in memory
  std::size_t compress_least = 1024;         // smaller ones are not worth it
  std::size_t compress_whole = 1U << 20U;    // up to this, compressed once and kept; else streamed
  std::size_t live_encoders = 64;            // streams being compressed; beyond it identity
  std::uint64_t digest_bytes = 256U << 20U;  // larger files get no Repr-Digest
  std::uint64_t content_tag_bytes = 1U << 20U;  // larger files are tagged by their times
  std::size_t digests_waiting = 64;  // files being hashed; beyond it a weak tag, no Repr-Digest
  std::size_t digests_kept = 8192;   // for tags of files that are open no more
  std::size_t listing_entries = 200'000;  // of a folder that are looked at
  std::size_t listing_page = 1000;        // of a folder on one page
  std::size_t listings = 64;              // being made or sent; beyond it 503
  // Then the folder that is served is looked for again, and a kept file looked at.
  Duration fresh = std::chrono::milliseconds(100);
  Duration idle = std::chrono::seconds(10);  // of a kept file: then it is closed
  // Without a request: then the folder and all kept files are closed. Less than a second, so that
  // after one it can be unmounted.
  Duration quiet = std::chrono::milliseconds(750);
};

// Shared with tasks on the thread pool, which may outlive the handler.
struct SiteSettings {
  SiteOptions options;
  SiteLimits limits;
};

}  // namespace troika
