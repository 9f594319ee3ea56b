#include "config/print_config.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include "base/text.h"
#include "config/config_file.h"
#include "config/site_settings.h"

namespace troika {
namespace {

using Kind = Setting::Kind;

// A basic string of TOML, in which $ means what it says.
void append_escaped(std::string& to, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '"': to += "\\\""; break;
      case '\\': to += "\\\\"; break;
      case '\n': to += "\\n"; break;
      case '\r': to += "\\r"; break;
      case '\t': to += "\\t"; break;
      case '$': to += "$$"; break;
      default:
        if ((c >= 0 && c < 0x20) || c == 0x7f) {
          append_formatted(to, "\\u{:04X}", static_cast<unsigned>(c));
        } else {
          to += c;
        }
    }
  }
}

class Printer {
 public:
  Printer(std::span<const Expanded::Secret> secrets, const Origins* origins)
      : secrets_(secrets), origins_(origins) {}

  // The keys of one table: of the settings whose names begin with `prefix`.
  void keys(std::span<const Setting> settings, std::string_view prefix, const Config& config,
            Written table, std::string_view indent = {}) {
    for (const Setting& setting : settings) {
      if (!setting.key.starts_with(prefix) || setting.write == nullptr) continue;
      const std::string_view name = setting.key.substr(prefix.size());
      const bool in_table = prefix.empty() && name.contains('.');
      if (in_table || name.starts_with("route.")) continue;
      const Texts texts = setting.write(config);
      if (texts.empty()) continue;
      append_formatted(text_, "{}{} = {}", indent, name, value(setting, texts));
      if (origins_ != nullptr) append_formatted(text_, "  # {}", origins_->of(table, setting.key));
      text_ += '\n';
    }
  }
  void line(std::string_view text) {
    text_ += text;
    text_ += '\n';
  }
  std::string take() { return std::move(text_); }

 private:
  std::string quoted(std::string_view text) const {
    std::string result = "\"";
    while (!text.empty()) {
      std::size_t at = std::string_view::npos;
      const Expanded::Secret* first = nullptr;
      for (const Expanded::Secret& secret : secrets_) {
        if (const std::size_t found = text.find(secret.text); found < at) {
          at = found;
          first = &secret;
        }
      }
      append_escaped(result, text.substr(0, at));
      if (first == nullptr) break;
      result += "${file:";
      append_escaped(result, first->path);
      result += '}';
      text.remove_prefix(at + first->text.size());
    }
    return result + '"';
  }
  template <class Item>
  std::string list(const Texts& texts, std::string_view open, std::string_view close,
                   Item item) const {
    std::string all;
    for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + item(text);
    return formatted("{}{}{}", open, all, close);
  }
  std::string path(const std::string& text) const {
    return quoted(std::filesystem::absolute(text).lexically_normal().string());
  }
  // The two parts of "x=y".
  std::string two(std::string_view text, std::string_view between) const {
    const std::size_t equals = text.find('=');
    return formatted("{}{}{}", quoted(text.substr(0, equals)), between,
                     quoted(text.substr(equals + 1)));
  }
  // Several of one name are an array.
  std::string fields(const Texts& texts) const {
    std::vector<std::pair<std::string, Texts>> by_name;
    for (const std::string& text : texts) {
      const std::size_t colon = text.find(": ");
      const std::string name = text.substr(0, colon);
      auto found = std::ranges::find(by_name, name, &std::pair<std::string, Texts>::first);
      if (found == by_name.end()) found = by_name.insert(found, {name, {}});
      found->second.push_back(text.substr(colon + 2));
    }
    std::string all;
    for (const auto& [name, texts_of_name] : by_name) {
      const auto quote = [this](const std::string& text) { return quoted(text); };
      append_formatted(all, "{}\"{}\" = {}", all.empty() ? "" : ", ", name,
                       texts_of_name.size() == 1 ? quoted(texts_of_name.front())
                                                 : list(texts_of_name, "[", "]", quote));
    }
    return "{ " + all + " }";
  }

  std::string value(const Setting& setting, const Texts& texts) const {
    const std::string& first = texts.front();
    switch (setting.kind) {
      case Kind::text:
      case Kind::size:
      case Kind::time: return quoted(first);
      case Kind::path: return path(first);
      case Kind::log: return first == "-" || first == "off" ? quoted(first) : path(first);
      case Kind::flag:
      case Kind::count: return first;
      case Kind::count_off: return first == "off" ? quoted(first) : first;
      case Kind::texts:
        return list(texts, "[", "]", [&](const std::string& text) { return quoted(text); });
      case Kind::paths:
        return list(texts, "[", "]", [&](const std::string& text) { return path(text); });
      case Kind::pairs:
        return list(texts, "[", "]",
                    [&](const std::string& text) { return "[" + two(text, ", ") + "]"; });
      case Kind::values:
        return list(texts, "{ ", " }", [&](const std::string& text) { return two(text, " = "); });
      case Kind::fields: return fields(texts);
    }
    return {};
  }

  std::span<const Expanded::Secret> secrets_;
  const Origins* origins_;
  std::string text_;
};

bool is_page_alone(const Config& config) {
  const SiteSpec& site = config.sites.front();
  return config.sites.size() == 1 && site.routes.size() == 1 &&
         std::holds_alternative<PageSpec>(site.routes.front().action);
}

void print_site(const SiteSpec& site, Config& scratch, Printer& printer) {
  kSite(scratch) = site;
  printer.line("\n[[site]]");
  printer.keys(site_settings(), "site.", scratch, site.written);
  for (const RouteSpec& route : site.routes) {
    kSite(scratch).routes = {route};
    printer.line("\n  [[site.route]]");
    printer.keys(site_settings(), "site.route.", scratch, route.written, "  ");
  }
}

}  // namespace

std::string print_config(const Config& config, std::span<const Expanded::Secret> secrets,
                         const Origins* origins) {
  Printer printer(secrets, origins);
  printer.keys(process_settings(), {}, config, {});
  for (const std::string_view table : kProcessTables) {
    printer.line(formatted("\n[{}]", table));
    printer.keys(process_settings(), std::string(table) + '.', config, {});
  }
  Config scratch;
  for (const tls::CertificateFiles& certificate : config.tls.certificates) {
    scratch.tls.certificates = {certificate};
    printer.line("\n[[certificate]]");
    printer.keys(process_settings(), "certificate.", scratch, {});
  }
  if (is_page_alone(config)) {
    printer.line("\n# There is no site: the built-in page is served.");
    return printer.take();
  }
  for (const SiteSpec& site : config.sites) print_site(site, scratch, printer);
  return printer.take();
}

PrintAndExit run_config(const ConfigCommand& command) {
  ReadConfig read;
  if (command.line.file.empty()) {
    auto config = config_of(command.line);
    if (!config) return {config.error(), 1};
    read.config = std::move(*config);
    for (const GivenOption& given : command.line.options) read.origins.add_option(*given.option);
  } else {
    auto from_file = read_config(command.line);
    if (!from_file) return {errors_text(from_file.error()), 1};
    read = std::move(*from_file);
  }
  const bool wanted = command.comments == ConfigCommand::Comments::origin;
  return {print_config(read.config, read.secrets, wanted ? &read.origins : nullptr), 0};
}

}  // namespace troika
