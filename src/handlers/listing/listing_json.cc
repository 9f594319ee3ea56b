#include <format>

#include "handlers/listing/listing.h"
#include "handlers/listing/listing_text.h"

namespace troika {
namespace {

// RFC 8259 §7.
void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const auto [point, bytes] = first_character(text);
    if (point == '"' || point == '\\') {
      out.push_back('\\');
      out.push_back(text.front());
    } else if (point < 0x20) {
      out += std::format("\\u{:04x}", static_cast<unsigned>(point));
    } else if (point == 0xFFFD) {
      out += kReplacement;
    } else {
      out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  out.push_back('"');
}

void append_entry(std::string& out, const ListingEntry& entry) {
  out += "{\"name\":";
  append_string(out, entry.name);
  const std::string reference = reference_to(entry);
  out += ",\"href\":";
  if (reference.empty()) {
    out += "null";
  } else {
    append_string(out, reference);
  }
  out += entry.folder ? ",\"type\":\"folder\"" : ",\"type\":\"file\"";
  if (!entry.folder) out += std::format(",\"size\":{}", entry.size);
  out += std::format(",\"modified\":\"{}\"}}", format_utc(entry.modified));
}

}  // namespace

std::string render_json(const ListingPage& page) {
  std::string out = "{\"path\":";
  append_string(out, page.path);
  out += std::format(
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

}  // namespace troika
