#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "handlers/site_options.h"
#include "http/message/message.h"
#include "ports/background.h"
#include "ports/file_reader.h"

namespace troika {

// What a client asks of a folder's listing.
struct ListingQuery {
  enum class Key : std::uint8_t { name, size, date } key = Key::name;
  bool descending = false;
  std::size_t page = 1;  // from 1
  bool json = false;     // else HTML
};
// "sort=size&order=desc&page=2"; unknown parameters and values are ignored.
ListingQuery parse_listing_query(const Request& request);

// As in the query.
std::string_view name_of(ListingQuery::Key key) noexcept;

struct ListingEntry {
  std::string name;
  bool folder = false;
  std::uint64_t size = 0;
  std::time_t modified = 0;
};
// A reference to an entry, relative to its folder; "" when no target can name it
// (http/message/target.h).
std::string reference_to(const ListingEntry& entry);

// One page of a sorted folder; folders come first.
struct ListingPage {
  std::string path;  // decoded, begins and ends with "/"
  ListingQuery query;
  std::vector<ListingEntry> entries{};
  std::size_t total = 0, pages = 1;
  bool truncated = false;  // the folder has more entries than were looked at
};

// Blocks. Reads a folder, leaves out entries that would not be served, sorts, and keeps one page;
// for a page beyond the last one, that is the last.
Result<ListingPage> read_listing(const OpenFile& folder, std::string path, ListingQuery query,
                                 const SiteOptions& options, const SiteLimits& limits);

// RFC 3339: "2020-01-01T00:00:00Z".
std::string format_utc(std::time_t seconds);

}  // namespace troika
