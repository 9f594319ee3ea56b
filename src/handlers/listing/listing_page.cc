#include "handlers/listing/listing_page.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/text.h"
#include "handlers/digest.h"
#include "handlers/file_names.h"

namespace troika {
namespace {

using Key = ListingQuery::Key;

// "1,234,567"
std::string grouped(std::uint64_t number) {
  std::string digits = formatted("{}", number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string counted(std::size_t number, std::string_view one, std::string_view many) {
  return formatted("{} {}", grouped(number), number == 1 ? one : many);
}

// "12 B", "1.5 KiB", "340 MiB"
std::string human_size(std::uint64_t bytes) {
  static constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return formatted("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1023.5; ++unit) value /= 1024;  // would be rounded to 1024
  return formatted("{:.{}f} {}", value, value < 9.95 ? 1 : 0, kUnits[unit]);
}

// A query without the defaults, escaped for an attribute.
std::string query_text(Key key, bool descending, std::size_t page = 1) {
  std::string out;
  const auto add = [&out](std::string_view name, std::string_view value) {
    out += formatted("{}{}={}", out.empty() ? "?" : "&amp;", name, value);
  };
  if (key != Key::name) add("sort", name_of(key));
  if (descending) add("order", "desc");
  if (page != 1) add("page", formatted("{}", page));
  return out;
}

class HtmlListing {
 public:
  explicit HtmlListing(const ListingPage& page)
      : page_(page), order_(query_text(page.query.key, page.query.descending)) {}

  std::string render() {
    head();
    breadcrumbs();
    counts();
    table();
    if (page_.pages > 1) pager();
    out_ += "</main>\n</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  void head() {
    out_ +=
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Index of ";
    append_html(out_, page_.path);
    out_ += "</title>\n<style>";
    out_ += kListingStyle;
    out_ += "</style>\n</head>\n<body>\n<main>\n";
  }

  // References are relative, so that a listing works behind any prefix.
  void breadcrumbs() {
    std::string_view rest = page_.path;
    auto above = static_cast<std::size_t>(std::ranges::count(rest, '/')) - 1;
    out_ += "<nav aria-label=\"Folders above\">\n<h1>";
    crumb("Home", above);
    rest.remove_prefix(1);
    while (above > 0) {
      const std::size_t end = rest.find('/');
      crumb(rest.substr(0, end), --above);
      rest.remove_prefix(end + 1);
    }
    out_ += "</h1>\n</nav>\n";
  }

  void crumb(std::string_view name, std::size_t above) {
    if (above == 0) {
      out_ += "<span aria-current=\"page\"><bdi>";
      append_html(out_, name);
      out_ += "</bdi></span>";
      return;
    }
    out_ += "<a href=\"";
    for (; above > 0; --above) out_ += "../";
    out_ += order_ + "\"><bdi>";
    append_html(out_, name);
    out_ += "</bdi></a>";
  }

  void counts() {
    out_ += "<p>";
    if (page_.total == 0) {
      out_ += "This folder is empty.";
    } else if (page_.pages > 1) {
      out_ += counted(page_.total, "entry", "entries");
      out_ += formatted(", page {} of {}", grouped(page_.query.page), grouped(page_.pages));
    } else {
      const auto folders = std::ranges::count(page_.entries, true, &ListingEntry::folder);
      const auto files = std::ssize(page_.entries) - folders;
      out_ += counted(static_cast<std::size_t>(folders), "folder", "folders") + ", ";
      out_ += counted(static_cast<std::size_t>(files), "file", "files");
    }
    if (page_.truncated) out_ += " – and more: this folder is too large to be shown as a whole";
    out_ += "</p>\n";
  }

  void table() {
    out_ += "<table>\n<thead>\n<tr>";
    column(Key::name, "Name");
    column(Key::size, "Size");
    column(Key::date, "Modified (UTC)");
    out_ += "</tr>\n</thead>\n<tbody>\n";
    if (page_.path != "/") {
      out_ += "<tr class=\"up\"><td colspan=\"3\"><a href=\"../" + order_ +
              "\">Parent folder</a></td></tr>\n";
    }
    for (const ListingEntry& entry : page_.entries) row(entry);
    out_ += "</tbody>\n</table>\n";
  }

  // A second click reverses the order. Sizes and dates begin with the largest and the latest.
  void column(Key key, std::string_view title) {
    const bool active = page_.query.key == key;
    const bool descending = page_.query.descending;
    out_ += "<th scope=\"col\"";
    if (active) out_ += descending ? " aria-sort=\"descending\"" : " aria-sort=\"ascending\"";
    out_ += formatted("><a href=\"./{}\">{}</a></th>",
                      query_text(key, active ? !descending : key != Key::name), title);
  }

  void row(const ListingEntry& entry) {
    const std::string reference = reference_to(entry);
    out_ += entry.folder ? "<tr class=\"folder\"><td>" : "<tr><td>";
    if (reference.empty()) {
      out_ += "<span title=\"No link can lead to this name\"><bdi>";
    } else {
      out_ += "<a href=\"";
      append_html(out_, reference);
      if (entry.folder) out_ += order_;
      out_ += "\"><bdi>";
    }
    append_html(out_, entry.name);
    if (entry.folder) out_.push_back('/');
    out_ += reference.empty() ? "</bdi></span></td>" : "</bdi></a></td>";
    size_and_date(entry);
    out_ += "</tr>\n";
  }

  void size_and_date(const ListingEntry& entry) {
    if (entry.folder) {
      out_ += "<td></td>";
    } else {
      out_ += formatted("<td title=\"{}\">{}</td>", counted(entry.size, "byte", "bytes"),
                        human_size(entry.size));
    }
    const std::string date = format_utc(entry.modified);  // "2020-01-01T00:00:00Z"
    const std::string_view shown = date;
    out_ += formatted("<td><time datetime=\"{}\">{} {}</time></td>", date, shown.substr(0, 10),
                      shown.substr(11, 5));
  }

  void pager() {
    const auto& [key, descending, page, json] = page_.query;
    const auto link = [&, this](bool there, std::string_view relation, std::size_t to,
                                std::string_view text) {
      out_ += "<span>";
      if (there) {
        out_ += formatted("<a rel=\"{}\" href=\"./{}\">{}</a>", relation,
                          query_text(key, descending, to), text);
      }
      out_ += "</span>";
    };
    out_ += "<nav class=\"pages\" aria-label=\"Pages\">\n";
    link(page > 1, "prev", page - 1, "Previous");
    out_ += formatted("<span>{} of {}</span>", grouped(page), grouped(page_.pages));
    link(page < page_.pages, "next", page + 1, "Next");
    out_ += "\n</nav>\n";
  }

  const ListingPage& page_;
  const std::string order_;  // kept by links to other folders
  std::string out_;
};

}  // namespace

std::string render_html(const ListingPage& page) { return HtmlListing(page).render(); }

const std::string& listing_policy() {
  static const std::string policy = formatted(
      "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'",
      base64(sha256(std::as_bytes(std::span(kListingStyle)))));
  return policy;
}

namespace {

void append_entry(std::string& out, const ListingEntry& entry) {
  out += "{\"name\":";
  append_json(out, entry.name);
  const std::string reference = reference_to(entry);
  out += ",\"href\":";
  if (reference.empty()) {
    out += "null";
  } else {
    append_json(out, reference);
  }
  out += entry.folder ? ",\"type\":\"folder\"" : ",\"type\":\"file\"";
  if (!entry.folder) out += formatted(",\"size\":{}", entry.size);
  out += formatted(",\"modified\":\"{}\"}}", format_utc(entry.modified));
}

}  // namespace

std::string render_json(const ListingPage& page) {
  std::string out = "{\"path\":";
  append_json(out, page.path);
  out += formatted(
      ",\"sort\":\"{}\",\"order\":\"{}\",\"page\":{},\"pages\":{},\"total\":{},\"truncated\":{},"
      "\"entries\":[",
      name_of(page.query.key), page.query.descending ? "desc" : "asc", page.query.page, page.pages,
      page.total, page.truncated);
  bool first = true;
  for (const ListingEntry& entry : page.entries) {
    if (!first) out.push_back(',');
    first = false;
    append_entry(out, entry);
  }
  out += "]}\n";
  return out;
}

namespace {

class ListTask final : public Background::Task {
 public:
  using Done = std::move_only_function<void(Result<std::string>)>;
  ListTask(const OpenFile& folder, const Request& request,
           std::shared_ptr<const SiteSettings> settings, std::size_t ahead, Done done)
      : folder_(folder),
        path_(request.target.path),
        query_(parse_listing_query(request)),
        settings_(std::move(settings)),
        ahead_(ahead),
        done_(std::move(done)) {}

  void work() noexcept override {
    const auto page =
        read_listing(folder_, std::move(path_), query_, settings_->options, settings_->limits);
    text_ = page.transform(query_.json ? render_json : render_html);
  }
  std::uint64_t cost() const noexcept override { return ahead_; }
  void finish() override { done_(std::move(text_)); }

 private:
  const OpenFile& folder_;
  std::string path_;
  ListingQuery query_;
  std::shared_ptr<const SiteSettings> settings_;
  std::size_t ahead_;
  Done done_;
  Result<std::string> text_;
};

class LookTask final : public Background::Task {
 public:
  using Done = std::move_only_function<void(Status)>;
  LookTask(const OpenFile& folder, Done done) : folder_(folder), done_(std::move(done)) {}

  void work() noexcept override {
    readable_ = folder_.list([](std::string_view, mode_t) { return false; });
  }
  void finish() override { done_(readable_); }

 private:
  const OpenFile& folder_;
  Done done_;
  Status readable_;
};

}  // namespace

std::unique_ptr<Background::Task> listing_task(
    const OpenFile& folder, const Request& request, std::shared_ptr<const SiteSettings> settings,
    std::size_t ahead, std::move_only_function<void(Result<std::string>)> done) {
  return std::make_unique<ListTask>(folder, request, std::move(settings), ahead, std::move(done));
}

std::unique_ptr<Background::Task> listing_look(const OpenFile& folder,
                                               std::move_only_function<void(Status)> done) {
  return std::make_unique<LookTask>(folder, std::move(done));
}

HeaderMap fields_of_listing(const Request& request) {
  HeaderMap fields;
  const bool json = parse_listing_query(request).json;
  fields.add("content-type", json ? "application/json" : "text/html; charset=utf-8");
  fields.add("cache-control", "no-cache");
  fields.add("content-security-policy", listing_policy());
  fields.add("x-content-type-options", "nosniff");
  return fields;
}

}  // namespace troika
