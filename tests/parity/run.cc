#include "parity/run.h"

#include <format>

#include "parity/check.h"

namespace troika::parity {
namespace {

// Rows of one profile and protocol together, so that they can be in flight together.
void run_rows(Lab& lab, const std::string& profile, std::size_t protocol,
              const std::vector<Outcome*>& outcomes) {
  Asker& asker = lab.asker(profile, protocol);
  std::vector<Ask> asks;
  std::vector<Outcome*> asked;
  for (Outcome* const outcome : outcomes) {
    auto ask = ask_of(*outcome->row, lab.fixture());
    if (!ask) {
      outcome->wrong = {ask.error()};
      continue;
    }
    outcome->curl = curl_line(*ask, kProtocols.at(protocol).name, asker.authority());
    asks.push_back(std::move(*ask));
    asked.push_back(outcome);
  }
  const std::vector<Answer> answers = asker.ask(asks);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    asked[i]->wrong = check(*asked[i]->row, answers[i], lab.fixture());
  }
}

std::vector<std::string> compare_batch(Lab& lab, const Differences& allowed,
                                       const std::string& profile,
                                       const std::vector<const Generated*>& batch) {
  std::vector<Ask> asks;
  for (const Generated* const one : batch) asks.push_back(one->ask);
  std::array<std::vector<Answer>, kProtocols.size()> answers;
  for (std::size_t p = 0; p < kProtocols.size(); ++p) {
    answers.at(p) = lab.asker(profile, p).ask(asks);
  }
  std::vector<std::string> found;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    for (std::size_t p = 1; p < kProtocols.size(); ++p) {
      const std::string difference = allowed.compare(answers[0][i], answers.at(p)[i]);
      if (difference.empty()) continue;
      const char* const name = kProtocols.at(p).name;
      found.push_back(std::format("request {} ({}): h1 and {} differ: {}\n  {}", batch[i]->number,
                                  profile, name, difference,
                                  curl_line(asks[i], name, lab.asker(profile, p).authority())));
    }
  }
  return found;
}

}  // namespace

std::vector<Outcome> run_tables(Lab& lab, const std::vector<Row>& rows) {
  std::vector<Outcome> all;
  all.reserve(rows.size() * kProtocols.size());
  std::map<std::pair<std::string, std::size_t>, std::vector<Outcome*>> groups;
  for (const Row& row : rows) {
    for (std::size_t p = 0; p < kProtocols.size(); ++p) {
      all.push_back({.row = &row, .protocol = p, .wrong = {}, .curl = {}});
      groups[{row.profile, p}].push_back(&all.back());
    }
  }
  for (const auto& [key, outcomes] : groups) run_rows(lab, key.first, key.second, outcomes);
  return all;
}

std::string describe(const Outcome& outcome) {
  const Row& row = *outcome.row;
  std::string text =
      std::format("{} over {}: {} ({}, {})", row.place(), kProtocols.at(outcome.protocol).name,
                  row.title, row.section, row.profile);
  for (const std::string& line : outcome.wrong) text += "\n  " + line;
  return text + "\n  " + outcome.curl;
}

std::vector<std::string> run_generated(Lab& lab, const Differences& allowed,
                                       const std::vector<Generated>& set) {
  constexpr std::size_t kBatch = 50;  // bounds what is held of the answers
  std::map<std::string, std::vector<const Generated*>> by_profile;
  for (const Generated& one : set) by_profile[one.profile].push_back(&one);
  std::vector<std::string> found;
  for (const auto& [profile, all] : by_profile) {
    for (std::size_t at = 0; at < all.size(); at += kBatch) {
      const auto end = std::min(at + kBatch, all.size());
      const std::vector batch(all.begin() + static_cast<std::ptrdiff_t>(at),
                              all.begin() + static_cast<std::ptrdiff_t>(end));
      std::ranges::move(compare_batch(lab, allowed, profile, batch), std::back_inserter(found));
    }
  }
  return found;
}

}  // namespace troika::parity
