
#include "base/text.h"
#include "tools/parity/invariants.h"
#include "tools/parity/run.h"

namespace troika::parity {
namespace {

// A generated request, and what its HEAD has to say: the same as GET without Range, which is not
// looked at for HEAD.
struct Trio {
  const Generated* generated;
  std::size_t given;  // an index of the batch's requests
  std::optional<std::size_t> head{}, whole{};
};

struct Batch {
  std::vector<Ask> asks;
  std::vector<Trio> trios;
};

bool is_about_range(const std::pair<std::string, std::string>& field) {
  return field.first == "Range" || field.first == "If-Range";
}

Batch batch_of(std::span<const Generated* const> some) {
  Batch batch;
  const auto add = [&](Ask ask) {
    batch.asks.push_back(std::move(ask));
    return batch.asks.size() - 1;
  };
  for (const Generated* const one : some) {
    Trio trio{.generated = one, .given = add(one->ask)};
    if (one->ask.method == "GET" && !one->ask.body) {
      Ask head = one->ask, whole = one->ask;
      head.method = "HEAD";
      trio.head = add(std::move(head));
      const bool same = std::erase_if(whole.fields, is_about_range) == 0;
      trio.whole = same ? trio.given : add(std::move(whole));
    }
    batch.trios.push_back(trio);
  }
  return batch;
}

class BatchRun {
 public:
  BatchRun(Lab& lab, const Differences& allowed, const Profile& profile, Batch batch)
      : lab_(lab), allowed_(allowed), profile_(profile), batch_(std::move(batch)) {}

  std::vector<std::string> run() {
    for (std::size_t p = 0; p < kProtocols.size(); ++p) {
      answers_.at(p) = lab_.asker(profile_.name, p).ask(batch_.asks);
    }
    for (const Trio& trio : batch_.trios) {
      look_at(trio, trio.given);
      if (!trio.head) continue;
      look_at(trio, *trio.head);
      if (*trio.whole != trio.given) look_at(trio, *trio.whole);
      for (std::size_t p = 0; p < kProtocols.size(); ++p) compare_head(trio, p);
    }
    return std::move(found_);
  }

 private:
  void look_at(const Trio& trio, std::size_t i) {
    const Ask& ask = batch_.asks[i];
    const Answer& first = answers_[0][i];
    for (std::size_t p = 0; p < kProtocols.size(); ++p) {
      const char* const name = kProtocols.at(p).name;
      const Answer& answer = answers_.at(p)[i];
      for (const std::string& line : broken(ask, profile_, name, answer)) {
        note(trio, p, i, formatted("over {}: {}", name, line));
      }
      if (p == 0) continue;
      const std::string difference =
          allowed_.compare(ask, {kProtocols[0].name, first}, {name, answer});
      if (difference.empty()) continue;
      note(trio, p, i, formatted("{} and {} differ: {}", kProtocols[0].name, name, difference));
    }
  }

  void compare_head(const Trio& trio, std::size_t p) {
    const Answer& head = answers_.at(p)[*trio.head];
    const Answer& whole = answers_.at(p)[*trio.whole];
    if (!head.failure.empty() || !whole.failure.empty()) return;  // noted already
    const std::string difference = allowed_.compare_heads(batch_.asks[*trio.head], whole, head);
    if (difference.empty()) return;
    note(trio, p, *trio.head,
         formatted("over {}: GET and HEAD differ: {}", kProtocols.at(p).name, difference));
  }

  void note(const Trio& trio, std::size_t p, std::size_t i, const std::string& sentence) {
    const Asker& asker = lab_.asker(profile_.name, p);
    found_.push_back(
        formatted("request {} ({}), {}\n  {}", trio.generated->number, profile_.name, sentence,
                  curl_line(batch_.asks[i], kProtocols.at(p).name, asker.authority())));
  }

  Lab& lab_;
  const Differences& allowed_;
  const Profile& profile_;
  Batch batch_;
  std::array<std::vector<Answer>, kProtocols.size()> answers_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> run_generated(Lab& lab, const Differences& allowed,
                                       const std::vector<Generated>& set) {
  std::map<std::string, std::vector<const Generated*>> by_profile;
  for (const Generated& one : set) by_profile[one.profile].push_back(&one);
  std::vector<std::string> found;
  for (const auto& [name, all] : by_profile) {
    for (std::size_t at = 0; at < all.size(); at += kBatch) {
      const auto some = std::span(all).subspan(at, std::min(kBatch, all.size() - at));
      BatchRun run(lab, allowed, profile_named(name), batch_of(some));
      std::ranges::move(run.run(), std::back_inserter(found));
    }
    std::ranges::move(lab.hang_up(name), std::back_inserter(found));
  }
  return found;
}

}  // namespace troika::parity
