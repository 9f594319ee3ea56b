#include "handlers/listing/listing.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <span>
#include <utility>

#include "base/text.h"
#include "handlers/file_names.h"
#include "http/semantics/negotiation.h"

namespace troika {
namespace {

using Key = ListingQuery::Key;

// Page 1 if it is not a number. A number may have any length, and be beyond the last page.
std::size_t parse_page(std::string_view text) noexcept {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  if (!std::ranges::all_of(text, ascii::is_digit)) return 1;
  std::size_t page = 0;
  for (const char c : text) {
    const auto digit = static_cast<std::size_t>(c - '0');
    if (page > (kMost - digit) / 10) return kMost;
    page = page * 10 + digit;
  }
  return std::max<std::size_t>(page, 1);
}

void apply(ListingQuery& query, std::string_view name, std::string_view value) noexcept {
  if (name == "page") query.page = parse_page(value);
  if (name == "order" && (value == "asc" || value == "desc")) query.descending = value == "desc";
  if (name != "sort") return;
  if (value == "name") query.key = Key::name;
  if (value == "size") query.key = Key::size;
  if (value == "date") query.key = Key::date;
}

enum class Kind : std::uint8_t { unknown, file, folder, other };

Kind kind_of(mode_t mode) noexcept {
  switch (mode & S_IFMT) {
    case 0:
    case S_IFLNK: return Kind::unknown;
    case S_IFREG: return Kind::file;
    case S_IFDIR: return Kind::folder;
    default: return Kind::other;
  }
}

// There may be a million of these at a time, so their names share one string.
struct Found {
  std::size_t name_at;
  std::uint32_t name_size;
  Kind kind;
  bool looked_at;
  std::uint64_t size;
  std::time_t modified;
};

// The case of ASCII letters is ignored; names that differ in nothing else are ordered by their
// bytes.
int compare_names(std::string_view a, std::string_view b) noexcept {
  const std::size_t both = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < both; ++i) {
    const auto x = static_cast<unsigned char>(ascii::lower(a[i]));
    const auto y = static_cast<unsigned char>(ascii::lower(b[i]));
    if (x != y) return x < y ? -1 : 1;
  }
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

class FolderReader {
 public:
  FolderReader(const OpenFile& folder, const ListingQuery& query) noexcept
      : folder_(folder), query_(query) {}

  std::size_t size() const noexcept { return found_.size(); }
  bool truncated() const noexcept { return truncated_; }

  Status list(bool dotfiles, std::size_t most) {
    std::size_t seen = 0;
    return folder_.list([&, this](std::string_view name, mode_t type) {
      truncated_ = seen == most;
      if (truncated_) return false;
      ++seen;
      if (dotfiles || !is_hidden(name)) add(name, kind_of(type));
      return true;
    });
  }

  // To sort by name, entries known to be files or folders need no look.
  void look_at_what_sorting_needs() {
    std::erase_if(found_, [this](Found& entry) {
      return (query_.key != Key::name || entry.kind == Kind::unknown) && !look_at(entry);
    });
  }

  // Only the entries of one page are sorted, after those of the pages before it were split off.
  std::vector<ListingEntry> take(std::size_t first, std::size_t count) {
    const auto less = [this](const Found& a, const Found& b) { return before(a, b); };
    const auto begin = found_.begin() + static_cast<std::ptrdiff_t>(first);
    const std::size_t here = std::min(count, found_.size() - first);
    const auto end = begin + static_cast<std::ptrdiff_t>(here);
    std::nth_element(found_.begin(), begin, found_.end(), less);
    std::partial_sort(begin, end, found_.end(), less);
    std::vector<ListingEntry> entries;
    entries.reserve(here);
    for (Found& entry : std::span(begin, end)) {
      if (!entry.looked_at && !look_at(entry)) continue;
      entries.push_back(
          {std::string(name_of(entry)), entry.kind == Kind::folder, entry.size, entry.modified});
    }
    return entries;
  }

 private:
  void add(std::string_view name, Kind kind) {
    if (kind == Kind::other) return;
    found_.push_back({names_.size(), static_cast<std::uint32_t>(name.size()), kind, false, 0, 0});
    names_ += name;
  }

  std::string_view name_of(const Found& entry) const noexcept {
    return std::string_view(names_).substr(entry.name_at, entry.name_size);
  }

  // False if it is not shown: it is gone, or a link that leads out of the root or to a device.
  bool look_at(Found& entry) const {
    const auto info = folder_.look_at(name_of(entry));
    if (!info) return false;
    entry.kind = kind_of(info->st_mode);
    entry.looked_at = true;
    if (entry.kind == Kind::file) entry.size = static_cast<std::uint64_t>(info->st_size);
    entry.modified = info->st_mtim.tv_sec;
    return entry.kind == Kind::file || entry.kind == Kind::folder;
  }

  // Folders come first in either order; equal entries are ordered by name.
  bool before(const Found& a, const Found& b) const noexcept {
    if (a.kind != b.kind) return a.kind == Kind::folder;
    if (query_.key == Key::size && a.size != b.size) return (a.size < b.size) != query_.descending;
    if (query_.key == Key::date && a.modified != b.modified) {
      return (a.modified < b.modified) != query_.descending;
    }
    const int names = compare_names(name_of(a), name_of(b));
    return query_.key == Key::name && query_.descending ? names > 0 : names < 0;
  }

  const OpenFile& folder_;
  const ListingQuery& query_;
  std::string names_;
  std::vector<Found> found_;
  bool truncated_ = false;
};

}  // namespace

ListingQuery parse_listing_query(const Request& request) {
  static constexpr std::array<std::string_view, 2> kOffers{"text/html", "application/json"};
  ListingQuery query;
  query.json = choose_media_type(request.headers, kOffers) == 1;
  std::string_view rest = request.target.query;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    apply(query, pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size())));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return query;
}

Result<ListingPage> read_listing(const OpenFile& folder, std::string path, ListingQuery query,
                                 const SiteOptions& options, const SiteLimits& limits) {
  FolderReader reader(folder, query);
  if (const auto listed = reader.list(options.dotfiles, limits.listing_entries); !listed) {
    return std::unexpected(listed.error());
  }
  reader.look_at_what_sorting_needs();
  const std::size_t total = reader.size();
  const std::size_t pages =
      std::max<std::size_t>(total / limits.listing_page + (total % limits.listing_page > 0), 1);
  query.page = std::clamp<std::size_t>(query.page, 1, pages);
  const std::size_t first = (query.page - 1) * limits.listing_page;
  auto entries = reader.take(first, limits.listing_page);
  // Entries of this page that turned out not to be shown are not counted.
  const std::size_t dropped = std::min(limits.listing_page, total - first) - entries.size();
  return ListingPage{std::move(path), query, std::move(entries),
                     total - dropped, pages, reader.truncated()};
}

std::string reference_to(const ListingEntry& entry) {
  if (entry.name.contains('\\')) return "";
  // "./" keeps "a:b" from being taken for a scheme.
  std::string reference = "./" + encode_path(entry.name);
  if (entry.folder) reference.push_back('/');
  return reference;
}

std::string_view name_of(ListingQuery::Key key) noexcept {
  switch (key) {
    case ListingQuery::Key::size: return "size";
    case ListingQuery::Key::date: return "date";
    default: return "name";
  }
}

std::string format_utc(std::time_t seconds) {
  // The format has four digits for the year.
  const std::chrono::sys_seconds moment{
      std::chrono::seconds(std::clamp<std::time_t>(seconds, -62'135'596'800, 253'402'300'799))};
  return formatted("{:%FT%TZ}", moment);
}

}  // namespace troika
