#include "tools/parity/run.h"

#include "base/text.h"
#include "tools/parity/check.h"
#include "tools/parity/invariants.h"

namespace troika::parity {
namespace {

struct Asked {
  Ask ask;
  std::array<Outcome*, kProtocols.size()> outcomes;  // null: not over that one
};

void check_asked(const Fixture& fixture, const Differences& allowed, const Asked& asked,
                 std::size_t protocol, const Answer* first, const Answer& answer) {
  Outcome& outcome = *asked.outcomes.at(protocol);
  const char* const name = kProtocols.at(protocol).name;
  outcome.wrong = check(*outcome.row, answer, fixture);
  const Profile& profile = profile_named(outcome.row->profile);
  std::ranges::move(broken(asked.ask, profile, name, answer), std::back_inserter(outcome.wrong));
  if (first == nullptr) return;
  const std::string difference =
      allowed.compare(asked.ask, {kProtocols[0].name, *first}, {name, answer});
  if (!difference.empty()) {
    outcome.wrong.push_back(formatted("differs from {}: {}", kProtocols[0].name, difference));
  }
}

// Rows of one profile that are asked over the same protocols.
using Ways = std::map<std::vector<std::size_t>, std::vector<Asked>>;

std::vector<std::size_t> way_of(const Row& row, std::size_t& turn) {
  if (row.once) return {turn++ % kProtocols.size()};
  return {0, 1, 2};
}

void run_batch(Lab& lab, const Differences& allowed, const std::string& profile,
               const std::vector<std::size_t>& protocols, std::span<Asked> batch) {
  std::vector<Ask> asks;
  for (const Asked& one : batch) asks.push_back(one.ask);
  std::vector<Answer> first;
  for (const std::size_t p : protocols) {
    Asker& asker = lab.asker(profile, p);
    std::vector<Answer> answers = asker.ask(asks);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      batch[i].outcomes.at(p)->curl = curl_line(asks[i], kProtocols.at(p).name, asker.authority());
      check_asked(lab.fixture(), allowed, batch[i], p, first.empty() ? nullptr : &first[i],
                  answers[i]);
    }
    if (first.empty()) first = std::move(answers);
  }
}

}  // namespace

TablesRun run_tables(Lab& lab, const Differences& allowed, const std::vector<Row>& rows) {
  TablesRun run;
  run.outcomes.reserve(rows.size() * kProtocols.size());
  std::map<std::string, Ways> by_profile;
  std::size_t turn = 0;
  for (const Row& row : rows) {
    const auto ask = ask_of(row, lab.fixture());
    const auto protocols = way_of(row, turn);
    Asked asked{.ask = ask.value_or(Ask{}), .outcomes = {}};
    for (const std::size_t p : protocols) {
      run.outcomes.push_back({.row = &row, .protocol = p, .wrong = {}, .curl = {}});
      asked.outcomes.at(p) = &run.outcomes.back();
      if (!ask) run.outcomes.back().wrong = {ask.error()};
    }
    if (ask) by_profile[row.profile][protocols].push_back(std::move(asked));
  }
  for (auto& [profile, ways] : by_profile) {
    for (auto& [protocols, all] : ways) {
      for (std::size_t at = 0; at < all.size(); at += kBatch) {
        run_batch(lab, allowed, profile, protocols,
                  std::span(all).subspan(at, std::min(kBatch, all.size() - at)));
      }
    }
    std::ranges::move(lab.hang_up(profile), std::back_inserter(run.connections));
  }
  return run;
}

std::string describe(const Outcome& outcome) {
  const Row& row = *outcome.row;
  std::string text =
      formatted("{} over {}: {} ({}, {})", row.place(), kProtocols.at(outcome.protocol).name,
                row.title, row.section, row.profile);
  for (const std::string& line : outcome.wrong) text += "\n  " + line;
  return text + "\n  " + outcome.curl;
}

}  // namespace troika::parity
