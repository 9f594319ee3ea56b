#include "handlers/listing/listing.h"
#include "base/text.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <optional>
#include <string>
#include <vector>

using namespace troika;
using Key = ListingQuery::Key;

namespace {

// A folder in memory that counts what was asked of it.
struct FakeFolder final : OpenFile {
  struct Item {
    std::string name;
    mode_t listed = S_IFREG;           // what list() says of it
    std::optional<mode_t> found = {};  // what look_at() says; nothing: the same
    std::int64_t size = 0;
    std::time_t modified = 0;
    bool gone = false;
  };

  std::vector<Item> items;
  bool unreadable = false;
  mutable std::size_t visits = 0;
  mutable std::vector<std::string> looks;

  FakeFolder() = default;
  explicit FakeFolder(std::vector<Item> all) : items(std::move(all)) {}

  const struct stat& info() const noexcept override { return info_; }
  Result<struct stat> now() const noexcept override { return info_; }
  Result<std::size_t> read_at(std::uint64_t, std::span<std::byte>) const noexcept override {
    return fail(ErrorCode::io, "a folder");
  }
  Status list(const Visitor& visit) const override {
    if (unreadable) return fail(ErrorCode::io, "made to fail");
    for (const Item& item : items) {
      ++visits;
      if (!visit(item.name, item.listed)) break;
    }
    return {};
  }
  Result<struct stat> look_at(std::string_view name) const override {
    looks.emplace_back(name);
    const auto item = std::ranges::find(items, name, &Item::name);
    if (item == items.end() || item->gone) return fail(ErrorCode::not_found, "gone");
    struct stat info{};
    info.st_mode = item->found.value_or(item->listed);
    info.st_size = item->size;
    info.st_mtim.tv_sec = item->modified;
    return info;
  }

 private:
  struct stat info_{};
};

ListingPage read(const FakeFolder& folder, ListingQuery query = {}, SiteOptions options = {},
                 SiteLimits limits = {}) {
  auto page = read_listing(folder, "/x/", query, options, limits);
  REQUIRE(page);
  return std::move(*page);
}

std::string names(const ListingPage& page) {
  std::string out;
  for (const ListingEntry& entry : page.entries) {
    out += (out.empty() ? "" : " ") + entry.name + (entry.folder ? "/" : "");
  }
  return out;
}

FakeFolder numbered(int count) {
  FakeFolder folder;
  for (int i = count; i > 0; --i) folder.items.push_back({formatted("f{:04}", i)});
  return folder;
}

ListingQuery parse(std::string query) {
  Request request;
  request.target = {"/?" + query, "/", query};
  return parse_listing_query(request);
}

// The key, the order when it is not the usual one, and the page.
std::string said(std::string text) {
  const ListingQuery query = parse(std::move(text));
  return formatted("{}{} {}", name_of(query.key), query.descending ? " desc" : "", query.page);
}

FakeFolder mixed() {
  return FakeFolder({{"b", S_IFREG, {}, 5, 300},
                     {"B", S_IFREG, {}, 1, 100},
                     {"z", S_IFDIR, {}, 4096, 50},
                     {"a", S_IFREG, {}, 5, 200},
                     {"Y", S_IFDIR, {}, 40, 60},
                     {"a.txt", S_IFREG, {}, 9, 100}});
}

}  // namespace

TEST_CASE("a query says how a listing is sorted and which page is meant") {
  CHECK(said("") == "name 1");
  CHECK(said("sort=size&order=desc&page=2") == "size desc 2");
  CHECK(said("page=3&order=asc&sort=date") == "date 3");
  CHECK(said("order=desc&order=asc") == "name 1");
  CHECK(said("&&x&=&page=007&") == "name 7");
  CHECK(said("sort=date&sort=owner&SORT=name") == "date 1");
  CHECK(said("order=descending") == "name 1");
}

TEST_CASE("what is no page is page 1, and a number of any length is one") {
  for (const char* const page : {"page", "page=", "page=0", "page=-1", "page=2x", "page=+2",
                                 "page=%32", "page=00", "page=1.5", "page=0x2"}) {
    CAPTURE(page);
    CHECK(parse(page).page == 1);
  }
  constexpr auto kMost = std::numeric_limits<std::size_t>::max();
  CHECK(parse("page=18446744073709551614").page == kMost - 1);
  CHECK(parse("page=18446744073709551615").page == kMost);
  CHECK(parse("page=18446744073709551616").page == kMost);
  CHECK(parse("page=" + std::string(5000, '9')).page == kMost);
}

TEST_CASE("folders come first in every order, and equal ones by name") {
  struct Row {
    Key key;
    bool descending;
    std::string_view expected;
  };
  for (const Row& row :
       {Row{Key::name, false, "Y/ z/ a a.txt B b"}, Row{Key::name, true, "z/ Y/ b B a.txt a"},
        Row{Key::size, false, "Y/ z/ B a b a.txt"}, Row{Key::size, true, "Y/ z/ a.txt a b B"},
        Row{Key::date, false, "z/ Y/ a.txt B a b"}, Row{Key::date, true, "Y/ z/ b a a.txt B"}}) {
    CAPTURE(row.expected);
    CHECK(names(read(mixed(), {row.key, row.descending, 1, false})) == row.expected);
  }
  const auto page = read(mixed());
  CHECK(page.path == "/x/");
  CHECK(page.total == 6);
  CHECK(page.pages == 1);
  CHECK_FALSE(page.truncated);
  CHECK(page.entries[3].size == 9);
  CHECK(page.entries[3].modified == 100);
  CHECK(page.entries[0].size == 0);
  CHECK(page.entries[0].modified == 60);
}

TEST_CASE("names that differ only in case have one order, whatever the file system gave") {
  FakeFolder folder({{"ab"}, {"aB"}, {"Ab"}, {"AB"}, {"a"}, {"\xC3\xA4"}, {"_"}});
  for (int i = 0; i < 2; ++i) {
    CHECK(names(read(folder)) == "_ a AB Ab aB ab \xC3\xA4");
    std::ranges::reverse(folder.items);
  }
}

TEST_CASE("a page holds as many entries as the limit says, and one more makes a second page") {
  SiteLimits limits;
  limits.listing_page = 3;
  CHECK(read(FakeFolder(), {}, {}, limits).pages == 1);
  CHECK(read(numbered(3), {}, {}, limits).pages == 1);
  CHECK(names(read(numbered(3), {}, {}, limits)) == "f0001 f0002 f0003");
  ListingQuery query;
  query.page = 2;
  CHECK(names(read(numbered(3), query, {}, limits)) == "f0001 f0002 f0003");
  CHECK(read(numbered(3), query, {}, limits).query.page == 1);
  const auto second = read(numbered(4), query, {}, limits);
  CHECK(names(second) == "f0004");
  CHECK(second.pages == 2);
  CHECK(second.total == 4);
  query.page = std::numeric_limits<std::size_t>::max();
  CHECK(names(read(numbered(8), query, {}, limits)) == "f0007 f0008");
  CHECK(read(numbered(8), query, {}, limits).query.page == 3);
}

TEST_CASE("all pages together are the folder, in order") {
  SiteLimits limits;
  limits.listing_page = 7;
  const FakeFolder folder = numbered(100);
  std::vector<std::string> all;
  ListingQuery query;
  for (; query.page <= 15; ++query.page) {
    for (const ListingEntry& entry : read(folder, query, {}, limits).entries) {
      all.push_back(entry.name);
    }
  }
  CHECK(all.size() == 100);
  CHECK(std::ranges::is_sorted(all));
  CHECK(std::ranges::adjacent_find(all) == all.end());
}

TEST_CASE("sorting by name looks at the entries of the page only, and at links") {
  SiteLimits limits;
  limits.listing_page = 2;
  FakeFolder folder = numbered(50);
  folder.items.push_back({"g", S_IFLNK, S_IFREG});
  folder.items.push_back({"h", 0, S_IFREG});
  std::ignore = read(folder, {}, {}, limits);
  std::ranges::sort(folder.looks);
  CHECK(folder.looks == std::vector<std::string>{"f0001", "f0002", "g", "h"});
  folder.looks.clear();
  std::ignore = read(folder, {Key::size, false, 1, false}, {}, limits);
  CHECK(folder.looks.size() == 52);
}

TEST_CASE("so many entries of a folder are looked at, and not one more") {
  SiteLimits limits;
  limits.listing_entries = 5;
  const FakeFolder all = numbered(5);
  CHECK_FALSE(read(all, {}, {}, limits).truncated);
  CHECK(read(all, {}, {}, limits).total == 5);
  const FakeFolder more = numbered(7);
  const auto page = read(more, {}, {}, limits);
  CHECK(page.truncated);
  CHECK(page.total == 5);
  CHECK(more.visits == 6);
  CHECK(read(numbered(6), {}, {}, limits).truncated);
  FakeFolder hidden = numbered(5);
  hidden.items.insert(hidden.items.begin(), {".hidden"});
  CHECK(read(hidden, {}, {}, limits).total == 4);
  CHECK(read(hidden, {}, {}, limits).truncated);
}

TEST_CASE("hidden names are listed only where they are served") {
  const FakeFolder folder({{".git", S_IFDIR}, {"a"}, {"a~"}, {".well-known", S_IFDIR}, {"...."}});
  CHECK(names(read(folder)) == ".well-known/ a");
  SiteOptions options;
  options.dotfiles = true;
  CHECK(names(read(folder, {}, options)) == ".git/ .well-known/ .... a a~");
}

TEST_CASE("links are shown as what they lead to, and left out with all else that is not served") {
  const FakeFolder folder({{"file", S_IFLNK, S_IFREG, 7, 1},
                           {"folder", S_IFLNK, S_IFDIR},
                           {"leads-out", S_IFLNK, S_IFLNK, 0, 0, true},
                           {"to-device", S_IFLNK, S_IFCHR},
                           {"to-link", S_IFLNK, S_IFLNK},
                           {"unknown", 0, S_IFDIR},
                           {"unknown-pipe", 0, S_IFIFO},
                           {"pipe", S_IFIFO},
                           {"socket", S_IFSOCK},
                           {"device", S_IFBLK}});
  for (const Key key : {Key::name, Key::size, Key::date}) {
    const auto page = read(folder, {key, false, 1, false});
    CHECK(names(page) == "folder/ unknown/ file");
    CHECK(page.total == 3);
  }
  CHECK(read(folder).entries[2].size == 7);
}

TEST_CASE("what is gone when the page looks at it is in no count") {
  const FakeFolder folder({{"a"}, {"b", S_IFREG, {}, 0, 0, true}, {"c"}, {"d", S_IFREG, S_IFIFO}});
  const auto page = read(folder);
  CHECK(names(page) == "a c");
  CHECK(page.total == 2);
}

TEST_CASE("a folder that cannot be read is an error") {
  FakeFolder folder;
  folder.unreadable = true;
  const auto page = read_listing(folder, "/", {}, {}, {});
  REQUIRE_FALSE(page);
  CHECK(page.error().code == ErrorCode::io);
}
