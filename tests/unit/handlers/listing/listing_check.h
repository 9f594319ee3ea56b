#pragma once
// Reads a listing as a browser would, and says what is wrong with it.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace troika::test {

// The tags of a page, as far as it is made of what a listing may be made of.
class HtmlCheck {
 public:
  struct Tag {
    std::string name;
    std::map<std::string, std::string> attributes;
    std::string text;  // of it and all that is inside
  };

  explicit HtmlCheck(std::string_view page) : rest_(page) {
    if (!is_utf8(page)) problem("not UTF-8");
    if (!take("<!doctype html>\n")) problem("no doctype");
    while (!rest_.empty() && problem_.empty()) step();
    if (!open_.empty()) problem("not all is closed");
  }

  const std::string& problem() const noexcept { return problem_; }  // empty: none
  const std::vector<Tag>& tags() const noexcept { return tags_; }
  std::vector<Tag> named(std::string_view name) const {
    std::vector<Tag> found;
    std::ranges::copy_if(tags_, std::back_inserter(found),
                         [name](const Tag& tag) { return tag.name == name; });
    return found;
  }

 private:
  static constexpr std::string_view kAllowed =
      " html[lang] head[] meta[charset,name,content] title[] style[] body[] main[] h1[] p[] "
      "nav[aria-label,class] table[] thead[] tbody[] tr[class] th[scope,aria-sort] "
      "td[title,colspan] a[href,rel] bdi[] span[title,aria-current] time[datetime] ";

  void problem(std::string_view text) {
    if (problem_.empty()) problem_ = formatted("{} before \"{}\"", text, rest_.substr(0, 60));
  }

  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::string_view take_until(std::string_view stop) {
    const std::string_view found = rest_.substr(0, rest_.find(stop));
    rest_.remove_prefix(found.size());
    return found;
  }

  void step() {
    if (take("</")) return close();
    if (take("<")) return open();
    const std::string text = unescape(take_until("<"));
    if (open_.empty() && text != "\n") problem("text outside");
    for (const std::size_t i : open_) tags_[i].text += text;
  }

  void open() {
    Tag tag{std::string(take_name()), {}, {}};
    const std::size_t at = kAllowed.find(formatted(" {}[", tag.name));
    if (tag.name.empty() || at == std::string_view::npos) return problem("unexpected tag");
    const std::size_t list = kAllowed.find('[', at);
    const std::string allowed =
        formatted(",{},", kAllowed.substr(list + 1, kAllowed.find(']', list) - list - 1));
    while (take(" ")) {
      const std::string name(take_name());
      if (name.empty() || !allowed.contains("," + name + ",")) return problem("bad attribute");
      if (!take("=\"")) return problem("attribute without quotes");
      const std::string value = unescape(take_until("\""));
      if (!take("\"") || !tag.attributes.emplace(name, value).second) return problem("attribute");
    }
    if (!take(">")) return problem("tag not closed");
    tags_.push_back(std::move(tag));
    if (tags_.back().name == "meta") return;
    if (tags_.back().name == "style") {
      tags_.back().text = take_until("</style");
      if (!take("</style>")) problem("style not closed");
      return;
    }
    open_.push_back(tags_.size() - 1);
  }

  void close() {
    const std::string_view name = take_name();
    if (open_.empty() || tags_[open_.back()].name != name || !take(">")) return problem("nesting");
    open_.pop_back();
  }

  std::string_view take_name() {
    const auto* const end = std::ranges::find_if_not(
        rest_, [](char c) { return (c >= 'a' && c <= 'z') || ascii::is_digit(c) || c == '-'; });
    const std::string_view name(rest_.begin(), end);
    rest_.remove_prefix(name.size());
    return name;
  }

  // Only the five escapes, and nothing that should have been one.
  std::string unescape(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, char>, 5> kEscapes{
        {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}}};
    std::string out;
    while (!text.empty()) {
      const char c = text.front();
      const auto* const escape = std::ranges::find_if(
          kEscapes, [text](const auto& e) { return text.starts_with(e.first); });
      const bool escaped = escape != kEscapes.end();
      const bool control = (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F;
      if (control || (!escaped && std::string_view("&<>\"'").contains(c)))
        problem("bare character");
      out.push_back(escaped ? escape->second : c);
      text.remove_prefix(escaped ? escape->first.size() : 1);
    }
    return out;
  }

  std::string_view rest_;
  std::string problem_;
  std::vector<Tag> tags_;
  std::vector<std::size_t> open_;
};

}  // namespace troika::test
