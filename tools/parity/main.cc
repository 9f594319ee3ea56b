// parity: the tables and the generated requests of tools/parity, as a matrix.
// parity URL [--cacert FILE] [--all-methods]: whether any server says the same over h1, h2 and h3.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <expected>
#include <map>
#include <string>

#include "base/text.h"
#include "tools/cli/command_line.h"
#include "tools/parity/matrix.h"
#include "tools/parity/remote.h"
#include "tools/parity/run.h"

using namespace troika;
using namespace troika::parity;

namespace {

struct Arguments {
  std::string url, ca_file;
  bool all_methods = false;
};

std::expected<Arguments, cli::Stop> parse(int argc, char** argv) {
  CLI::App app(
      "Compares responses over h1, h2 and h3: this server's to the tables and generated requests "
      "of\n"
      "tools/parity, or those of any server to requests that can be made of any resource.",
      "parity");
  Arguments arguments;
  auto* const url = app.add_option("URL", arguments.url, "https://host[:port]/path of any server");
  app.add_option("--cacert", arguments.ca_file, "Verify the server against this CA (not verified)")
      ->option_text("FILE")
      ->needs(url);
  app.add_flag("--all-methods", arguments.all_methods,
               "POST, PUT, PATCH and DELETE, too: they may change what is there")
      ->needs(url);
  if (auto parsed = cli::parse(app, argc, argv); !parsed) return std::unexpected(parsed.error());
  return arguments;
}

bool colour() {
  static const bool on = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  return on;
}

void say(const std::string& text, Tone tone = Tone::plain) {
  std::fputs((painted(text, tone, colour()) + "\n").c_str(), stdout);
  std::fflush(stdout);
}

int complain(const std::string& sentence) {
  std::fflush(stdout);
  std::fprintf(stderr, "parity: %s\n", sentence.c_str());
  return 2;
}

std::vector<Matrix::Cell> head(std::string first) {
  std::vector<Matrix::Cell> cells{{std::move(first), Tone::strong}};
  for (const NamedProtocol& protocol : kProtocols) cells.push_back({protocol.name, Tone::strong});
  return cells;
}

struct Score {
  std::size_t good = 0, all = 0;
  void add(bool holds) {
    good += holds ? 1U : 0U;
    ++all;
  }
  Matrix::Cell cell() const {
    return {formatted("{}/{}", good, all), good == all ? Tone::good : Tone::bad};
  }
};

void print_tables(const std::vector<Outcome>& outcomes) {
  using Scores = std::array<Score, kProtocols.size()>;
  std::map<std::string, Scores> tables;
  Scores total;
  for (const Outcome& outcome : outcomes) {
    tables[outcome.row->file].at(outcome.protocol).add(outcome.wrong.empty());
    total.at(outcome.protocol).add(outcome.wrong.empty());
  }
  Matrix matrix;
  const auto add = [&](std::string name, const Scores& scores) {
    std::vector<Matrix::Cell> cells{{std::move(name)}};
    for (const Score& score : scores) cells.push_back(score.cell());
    matrix.add(std::move(cells));
  };
  matrix.add(head("table"));
  for (const auto& [name, scores] : tables) add(name, scores);
  add("all", total);
  std::fputs(matrix.text(colour()).c_str(), stdout);
}

int run_own() {
  const std::filesystem::path folder = std::filesystem::path(TROIKA_PARITY_FOLDER);
  const auto rows = read_tables(folder / "tables");
  if (!rows) return complain(rows.error());
  const auto allowed = Differences::read(folder / "differences.txt");
  if (!allowed) return complain(allowed.error());
  Lab lab;
  const auto [outcomes, connections] = run_tables(lab, *allowed, *rows);
  print_tables(outcomes);
  std::size_t failures = 0;
  for (const Outcome& outcome : outcomes) {
    if (outcome.wrong.empty()) continue;
    if (failures++ == 0) say("");
    say(describe(outcome), Tone::bad);
  }
  for (const std::string& connection : connections) say(connection, Tone::bad);
  failures += connections.size();
  const auto set = generate(lab.fixture(), kGeneratedRequests, kGeneratedSeed);
  const auto differences = run_generated(lab, *allowed, set);
  say(formatted("\n{} generated requests: {}", set.size(),
                differences.empty() ? "all rightly answered, and the same over the protocols"
                                    : formatted("{} findings", differences.size())),
      differences.empty() ? Tone::good : Tone::bad);
  for (const std::string& difference : differences) say(difference, Tone::bad);
  return failures + differences.size() == 0 ? 0 : 1;
}

void print_reached(const Remote& remote) {
  Matrix matrix;
  for (std::size_t p = 0; p < kProtocols.size(); ++p) {
    const Remote::Reach& reach = remote.reached().at(p);
    const bool ok = reach.asker != nullptr;
    matrix.add({{std::string("  ") + kProtocols.at(p).name, Tone::strong},
                {ok ? reach.note : "left out: " + reach.note, ok ? Tone::plain : Tone::bad}});
  }
  std::fputs(matrix.text(colour()).c_str(), stdout);
}

void print_learned(const Remote& remote, const Learned& learned) {
  const auto or_none = [](const std::string& text) { return text.empty() ? "none" : text; };
  Matrix matrix;
  matrix.add({{"  size"}, {formatted("{} bytes", learned.size)}});
  matrix.add({{"  etag"}, {or_none(learned.etag)}});
  matrix.add({{"  last-modified"}, {or_none(learned.last_modified)}});
  std::string changing;
  for (const std::string& name : remote.changing()) {
    changing += (changing.empty() ? "" : ", ") + name;
  }
  if (!changing.empty()) {
    matrix.add({{"  not compared"}, {changing + " (two answers to the same request differ)"}});
  }
  if (remote.announces_over_h3()) {
    matrix.add({{"  alt-svc"}, {"is sent over h3, too, where it leads nowhere else", Tone::bad}});
  }
  std::fputs(matrix.text(colour()).c_str(), stdout);
}

std::size_t print_rows(const std::vector<Remote::Row>& rows) {
  Matrix matrix;
  std::string group;
  std::size_t different = 0;
  for (const Remote::Row& row : rows) {
    if (row.request.group != group) {
      matrix.add({});
      matrix.add(head(group = row.request.group));
    }
    std::vector<Matrix::Cell> cells{{"  " + row.request.name}};
    for (const std::string& status : row.status) {
      cells.push_back({status, status == "lost" ? Tone::bad : Tone::plain});
    }
    const bool same = row.differs.empty();
    cells.push_back(same ? Matrix::Cell{"same", Tone::good}
                         : Matrix::Cell{"differs: " + row.differs, Tone::bad});
    different += same ? 0U : 1U;
    matrix.add(std::move(cells));
  }
  std::fputs(matrix.text(colour()).c_str(), stdout);
  return different;
}

int run_remote(const Arguments& arguments) {
  const auto url = parse_url(arguments.url);
  if (!url) return complain(url.error());
  auto allowed = Differences::read(std::filesystem::path(TROIKA_PARITY_FOLDER) / "differences.txt");
  if (!allowed) return complain(allowed.error());
  auto client =
      client::Client::make({.ca_file = arguments.ca_file, .verify = !arguments.ca_file.empty()});
  if (!client) return complain(client.error());
  auto remote = Remote::reach(**client, *url);
  if (!remote) return complain(remote.error());
  say(arguments.url, Tone::strong);
  print_reached(*remote);
  if (remote->count() < 2)
    return complain("there is nothing to compare with fewer than two protocols");
  const auto learned = remote->learn(*allowed);
  if (!learned) return complain(learned.error());
  print_learned(*remote, *learned);

  std::vector<Remote::Row> rows;
  for (Generic& request : generic_requests(url->target, *learned, arguments.all_methods)) {
    rows.push_back(remote->ask(std::move(request), *allowed));
  }
  const std::size_t different = print_rows(rows);
  if (const std::string endings = remote->endings(); !endings.empty()) say("\n" + endings);
  say(formatted("\n{} requests: {}", rows.size(),
                different == 0 ? std::string("all the same") : formatted("{} differ", different)),
      different == 0 ? Tone::good : Tone::bad);
  return different == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = parse(argc, argv);
  if (!arguments) return cli::end(arguments.error(), "parity", 2);
  try {
    return arguments->url.empty() ? run_own() : run_remote(*arguments);
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}
