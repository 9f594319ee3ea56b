#include "config/config_file.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/text.h"
#include "config/site_reader.h"
#include "handlers/router/conflicts.h"

namespace troika {
namespace {

const Given* find(const std::vector<Given>& given, std::string_view key) {
  const auto found =
      std::ranges::find(given, key, [](const Given& each) { return each.setting->key; });
  return found == given.end() ? nullptr : &*found;
}

// Where the file has what the option means; null: nowhere.
const Given* same_in_file(const std::vector<Given>& given, const Option& option) {
  const auto found =
      std::ranges::find(given, option.name, [](const Given& each) { return each.setting->option; });
  return found == given.end() ? nullptr : &*found;
}

Written certificates_at(const SourceFile& main) {
  const auto found = std::ranges::find(main.tree.entries, "certificate", &TomlEntry::key);
  return found == main.tree.entries.end() ? Written{} : found->at;
}

// An option that cannot be beside the file: why. Nothing: it can.
std::string refusal(const GivenOption& given, const std::vector<Given>& in_file,
                    const SourceFile& main, const Findings& findings) {
  const Option& option = *given.option;
  if (is_of_folder(option) || option.name == "--root") {
    return formatted("{} cannot be beside --config: write it to a route of the file", option.name);
  }
  if (option.repeat == Option::Repeat::no) return {};
  const Given* const same = same_in_file(in_file, option);
  const bool pair = option.name == "--cert" || option.name == "--key";
  const Written at = same != nullptr ? same->key : pair ? certificates_at(main) : Written{};
  if (at.line == 0) return {};
  return formatted("{} and the file's {} are not merged ({}): leave one of them out", option.name,
                   pair ? "[[certificate]]" : same->setting->key, findings.place(at));
}

// Reads the process's keys and the options beside them, each of which takes the place of its key.
// They are read in the order of the table, whoever gave them: some look at those before them.
void read_process(std::vector<Given> given, const CommandLine& line, Config& config,
                  Findings& findings, Origins& origins) {
  for (const auto& [option, values] : line.options) {
    std::erase_if(given, [&](const Given& each) { return each.setting->option == option->name; });
  }
  for (const Given& each : given) origins.add({}, each, findings);
  const Given* const auth = find(given, "client_auth");
  std::vector<Given> late;
  if (auth != nullptr) late.push_back(*auth);
  std::erase_if(given, [](const Given& each) { return each.setting->key == "client_auth"; });
  apply(std::move(given), config, findings);
  for (const auto& [option, values] : line.options) {
    if (const auto done = option->read(config, values); !done) {
      findings.error({}, formatted("{}: {}", option->name, done.error()));
    }
    origins.add_option(*option);
  }
  apply(std::move(late), config, findings);  // --client-ca says what it is without it
}

// What has to fit together, said of the file's keys where these are to blame.
void check_keys(const std::vector<Given>& given, const Config& config, Findings& findings) {
  const Given* const auth = find(given, "client_auth");
  if (auth != nullptr && config.tls.client_ca.empty()) {
    return findings.error(auth->key,
                          "client_auth needs client_ca, the CA of the clients' "
                          "certificates");
  }
  const Given* const http = find(given, "http");
  if (http != nullptr && config.tls.client_auth == tls::ClientAuth::required) {
    return findings.error(http->key,
                          "http cannot check the client certificates that client_ca requires: "
                          "leave http out, write http_redirect instead, or add client_auth = "
                          "\"optional\"");
  }
  const Given* const only = find(given, "log.qlog_only");
  if (only != nullptr && config.log.qlog.empty()) {
    return findings.error(only->key, "log.qlog_only needs log.qlog, the folder");
  }
  if (const auto checked = check_together(config); !checked) findings.error({}, checked.error());
}

void check_sites(const Config& config, Findings& findings) {
  for (const Conflict& conflict : find_conflicts(config.sites)) {
    const bool two = conflict.other != conflict.at;
    findings.error(conflict.at,
                   two ? formatted("{} (see {})", conflict.text, findings.place(conflict.other))
                       : conflict.text);
  }
}

}  // namespace

std::expected<ReadConfig, Findings> read_config(const CommandLine& line,
                                                const Environment& environment,
                                                const FileLimits& limits) {
  ReadConfig read;
  Findings& findings = read.findings;
  const std::vector<SourceFile> files =
      read_sources(line.file, environment, limits, findings, read.secrets);
  if (findings.failed()) return std::unexpected(std::move(findings));
  const TableContext context{findings, environment, files.front().folder, read.secrets};
  const std::vector<Given> given = read_table(files.front().tree, {}, context);
  for (const GivenOption& option : line.options) {
    if (auto why = refusal(option, given, files.front(), findings); !why.empty()) {
      findings.error({}, std::move(why));
    }
  }
  if (findings.full()) return std::unexpected(std::move(findings));
  const bool may_go_on = !findings.failed();
  read_process(given, line, read.config, findings, read.origins);
  SiteReader(findings, environment, limits, read.secrets, read.origins).read(files, read.config);
  if (may_go_on && !findings.failed()) check_keys(given, read.config, findings);
  if (!findings.failed()) check_sites(read.config, findings);
  if (findings.failed()) return std::unexpected(std::move(findings));
  read.config.sources = findings.file_names();
  return read;
}

Checked<Config> read_again(const CommandLine& line) {
  if (line.file.empty()) return config_of(line);
  auto read = read_config(line);
  if (read) return std::move(read->config);
  const Findings& findings = read.error();
  const std::vector<Finding> sorted = findings.sorted();
  const auto first = std::ranges::find(sorted, Finding::Kind::error, &Finding::kind);
  std::string text = findings.place(first->at);
  text += (text.empty() ? "" : ": ") + first->sentence;
  if (findings.errors() > 1) append_formatted(text, " (the first of {} errors)", findings.errors());
  return std::unexpected(std::move(text));
}

}  // namespace troika
