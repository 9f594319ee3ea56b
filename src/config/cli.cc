#include "config/cli.h"

#include <CLI/CLI.hpp>

#include "config/cli_address.h"
#include "config/cli_certificates.h"
#include "config/cli_hint.h"
#include "config/cli_quic.h"
#include "config/cli_site.h"

namespace troika {
namespace {

constexpr const char* kFiles = "Files";
constexpr const char* kFields = "Fields";

constexpr std::string_view kUsage = R"(Usage: troika serve [DIR] [OPTIONS]
  DIR (or --root DIR): the folder to serve; without one, a built-in page)";

constexpr std::string_view kExamples = R"(Examples:
  troika serve ./site                  on https://localhost:8443/
  troika serve ./app --spa --cache 'assets/*=immutable'
  troika serve ./docs --clean-urls --error-page 404=/404.html
  troika serve ./site --listen 0.0.0.0:443 --listen '[::]:443' \
      --cert cert.pem --key key.pem --http-redirect 0.0.0.0:80)";

// Groups of options without the blank lines around them that CLI11 leaves, and DIR in the usage
// alone: the help is to fit a screen.
class CompactHelp final : public CLI::Formatter {
 public:
  CompactHelp() { column_width(31); }
  std::string make_group(std::string group, bool positional,
                         std::vector<const CLI::Option*> options) const override {
    std::string text = CLI::Formatter::make_group(std::move(group), positional, std::move(options));
    return text.substr(text.find_first_not_of('\n'));
  }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    return CLI::Formatter::make_usage(app, std::move(name)) + '\n';
  }
  std::string make_positionals(const CLI::App*) const override { return {}; }
};

struct Raw {
  std::string root, root_option, public_port, alt_svc, workers, congestion;
  std::vector<std::string> listen, http, redirect;
  RawCertificates certificates;
  RawSite site;
  RawQuic quic;
};

std::optional<quic::Congestion> congestion_named(std::string_view name) {
  if (name == "cubic") return quic::Congestion::cubic;
  if (name == "bbr") return quic::Congestion::bbr;
  if (name == "reno") return quic::Congestion::reno;
  return std::nullopt;
}

// --alt-svc PORT is --public-port by an older name.
Checked<void> complete_public_port(ServeOptions& options, const Raw& raw) {
  options.announce_http3 = raw.alt_svc != "off";
  for (const auto& [name, text, also] : {std::tuple("--public-port", &raw.public_port, ""),
                                         {"--alt-svc", &raw.alt_svc, " or \"off\""}}) {
    if (text->empty() || (text == &raw.alt_svc && !options.announce_http3)) continue;
    const auto port = port_number(*text);
    if (!port || *port == 0) {
      return std::unexpected(
          std::format("{} takes a port from 1 to 65535{}, not \"{}\"", name, also, *text));
    }
    if (options.public_port && *options.public_port != *port) {
      return std::unexpected(
          std::format("--public-port {} and --alt-svc {} name two ports: --alt-svc is another name "
                      "for --public-port, leave one of them out",
                      *options.public_port, *port));
    }
    options.public_port = port;
  }
  return {};
}

Checked<void> complete(ServeOptions& options, const Raw& raw) {
  if (!raw.root.empty() && !raw.root_option.empty()) {
    return std::unexpected("the folder is given twice: write it once, as DIR or with --root");
  }
  options.root = raw.root.empty() ? raw.root_option : raw.root;
  for (const std::string& text : raw.listen) {
    const auto addresses = addresses_of(text);
    if (!addresses) return std::unexpected(addresses.error());
    options.both_families |= addresses->size() > 1;
    options.listen.insert(options.listen.end(), addresses->begin(), addresses->end());
  }
  if (options.listen.empty()) {
    options.listen = loopback(8443);
    options.both_families = true;
  }
  for (const auto& [texts, redirect] : {std::pair(&raw.http, false), {&raw.redirect, true}}) {
    for (const std::string& text : *texts) {
      const auto addresses = addresses_of(text);
      if (!addresses) return std::unexpected(addresses.error());
      options.both_families |= addresses->size() > 1;
      for (const Address& address : *addresses) options.plain.push_back({address, redirect});
    }
  }
  if (auto done = complete_certificates(raw.certificates, options); !done) return done;
  if (auto done = complete_public_port(options, raw); !done) return done;
  if (!raw.workers.empty()) {
    const auto count = port_number(raw.workers);  // it takes a small number without more ado
    if (!count || *count == 0 || *count > kMostWorkers) {
      return std::unexpected(std::format("--workers takes a number from 1 to {}, not \"{}\"",
                                         kMostWorkers, raw.workers));
    }
    options.workers = *count;
  }
  if (!raw.congestion.empty()) {
    const auto named = congestion_named(raw.congestion);
    if (!named) {
      return std::unexpected("--congestion takes cubic, bbr or reno, not \"" + raw.congestion +
                             "\"");
    }
    options.congestion = *named;
  }
  if (auto done = complete_quic(raw.quic, options); !done) return done;
  return complete_site(raw.site, options.site);
}

void add_site_options(CLI::App& serve, SiteOptions& site, RawSite& raw) {
  const auto flag = [&serve](const char* name, bool& value, const char* text) {
    serve.add_flag(name, value, text)->group(kFiles);
  };
  const auto list = [&serve](const char* group, const char* name, const char* value,
                             std::vector<std::string>& values, const char* text) {
    serve.add_option(name, values, text)->option_text(value)->allow_extra_args(false)->group(group);
  };
  flag("--listing", site.listing, "List folders that have no index.html");
  flag("--spa", site.spa, "Answer pages that are not there by /index.html");
  flag("--clean-urls", site.clean_urls, "Answer /about by about.html");
  list(kFiles, "--error-page", "CODE=PATH", raw.error_pages,
       "Page for 404 405 406 412 416 500 503 (repeatable)");
  flag("--dotfiles", site.dotfiles, "Serve .name and name~ as well");
  flag("--no-compress", raw.no_compress, "Do not compress; x.br, x.zst, x.gz are used");
  flag("--precoded", site.precoded, "Serve x.js.gz as coded x.js, if there is no x.js");
  list(kFiles, "--type", "EXT=TYPE", raw.types, "Media type: md=text/plain (repeatable)");
  list(kFields, "--cache", "GLOB=RULE", raw.cache,
       "Cache-Control: immutable, 7d, ... (repeatable)");
  list(kFields, "--header", "'NAME: VALUE'", raw.headers,
       "On all answers; 'GLOB=...': on some (repeatable)");
  list(kFields, "--cors", "ORIGIN", raw.cors, "Pages from there may read; '*': all (repeatable)");
}

void add_certificate_options(CLI::App& serve, RawCertificates& raw) {
  const auto add = [&serve](const char* name, const char* value, auto& into, const char* text) {
    serve.add_option(name, into, text)
        ->option_text(value)
        ->allow_extra_args(false)
        ->group("Certificate");
  };
  add("--cert", "FILE", raw.certs, "Certificate and its chain (repeatable)");
  add("--key", "FILE", raw.keys, "Its private key (default: a local CA's pair)");
  add("--certs", "DIR", raw.folder, "Folder of pairs: NAME.pem and NAME-key.pem");
  add("--client-ca", "FILE", raw.client_ca, "Clients show certificates of these CAs");
  add("--client-auth", "MODE", raw.client_auth, "required (default) or optional");
}

void add_server_options(CLI::App& serve, ServeOptions& options, Raw& raw) {
  const auto addresses = [&serve](const char* name, std::vector<std::string>& values,
                                  const char* text) {
    serve.add_option(name, values, text)
        ->option_text("[ADDR:]PORT")
        ->allow_extra_args(false)
        ->group("Addresses");
  };
  const auto one = [&serve](const char* group, const char* name, const char* value,
                            std::string& into, const char* text) {
    serve.add_option(name, into, text)->option_text(value)->group(group);
  };
  addresses("--listen", raw.listen, "TLS and QUIC (repeatable; default: loopback 8443)");
  addresses("--http", raw.http, "Serve without TLS here, too (repeatable)");
  addresses("--http-redirect", raw.redirect, "Redirect to https from here (repeatable)");
  one("Addresses", "--public-port", "N", raw.public_port,
      "Port that clients use, when it is mapped");
  one("Addresses", "--alt-svc", "PORT|off", raw.alt_svc, "off: do not announce HTTP/3");
  add_certificate_options(serve, raw.certificates);
  one("Process", "--workers", "N", raw.workers, "Threads that serve (default: the cores)");
  one("Process", "--congestion", "cubic|bbr|reno", raw.congestion,
      "How QUIC finds its speed (default: cubic)");
  one("Process", "--access-log", "FILE|-|off", options.access_log,
      "One line a request (default: -)");
  one("Process", "--secrets", "FILE", options.secrets_file,
      "Made if missing; clients resume after a restart");
  serve
      .add_flag_callback(
          "--no-0rtt", [&options] { options.early_data = false; }, "No answers to early data")
      ->group("Process");
  serve
      .add_flag("--quic-upgrade", options.quic_upgrade,
                "QUIC v1 clients that offer v2 are moved to it")
      ->group("Process");
  one("Process", "--keylog", "FILE", options.key_log,
      "Secrets to decrypt all traffic (for debugging)");
  serve.add_option("--preferred-address", raw.quic.preferred, "HTTP/3 clients go on there")
      ->option_text("IP:PORT")
      ->allow_extra_args(false)
      ->group("Addresses");
  one("Process", "--qlog", "DIR", options.qlog, "A qlog file a QUIC connection");
  one("Process", "--qlog-only", "1/N|ADDR[/BITS]", raw.quic.qlog_only,
      "Some of them: by chance, or by client");
}

// Of a shell's empty variable: an option that is given without a value is not one that is not
// given.
Checked<void> check_values(const CLI::App& serve) {
  for (const CLI::Option* option : serve.get_options()) {
    if (option->get_items_expected_max() == 0) continue;  // a flag
    if (!std::ranges::contains(option->results(), "")) continue;
    if (option->get_positional()) {
      return std::unexpected(
          "the folder is an empty word: name one, or leave it out to serve the built-in page");
    }
    const std::string& value = option->get_option_text();
    const std::string_view kind = value.starts_with("DIR")    ? "folder"
                                  : value.starts_with("FILE") ? "file"
                                                              : "value";
    return std::unexpected(
        std::format("--{0} needs a {1}: --{0} {2}", option->get_lnames().front(), kind, value));
  }
  return {};
}

// An option that says something of files, given without any.
Checked<void> check_folder(const CLI::App& serve, const std::string& root) {
  if (!root.empty()) return {};
  for (const CLI::Option* option : serve.get_options()) {
    const std::string& group = option->get_group();
    if (option->count() == 0 || (group != kFiles && group != kFields)) continue;
    const std::string name = option->get_name();
    const std::string& value = option->get_option_text();
    return std::unexpected(std::format("{0} needs a folder: troika serve DIR {0}{1}{2}", name,
                                       value.empty() ? "" : " ", value));
  }
  return {};
}

std::string complaint(const CLI::ParseError& error, const Words& words, const CLI::App& app,
                      const std::string& folder) {
  const bool without_command = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  const bool leftover = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  if (without_command || (leftover && app.remaining_size() > 0)) {
    return misplaced_command_hint(words);
  }
  if (leftover) return leftover_hint(words, app.remaining(true), folder);
  std::string said = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) == nullptr) return said;
  // What is not in the help has no name for CLI11.
  const std::string name = said.starts_with(':') ? "--root" : said.substr(0, said.find(':'));
  const CLI::Option* const option = app.get_subcommand("serve")->get_option_no_throw(name);
  return option == nullptr ? said
                           : name + " needs a value: " + name + ' ' + option->get_option_text();
}

}  // namespace

std::variant<ServeOptions, PrintAndExit> parse_command_line(int argc, char** argv,
                                                            const std::string& version) {
  CLI::App app("Troika serves one site over HTTP/1.1, HTTP/2 and HTTP/3 on one port.", "troika");
  app.set_version_flag("--version", version, "Print the version and those of the libraries");
  app.require_subcommand(1);
  app.formatter(std::make_shared<CompactHelp>());
  app.footer(std::string(kExamples));

  ServeOptions options;
  Raw raw;
  CLI::App* serve = app.add_subcommand("serve", "Serve a folder over https");
  serve->usage(std::string(kUsage))->footer(std::string(kExamples));
  serve->get_help_ptr()->group("");  // whoever reads it has found it
  serve->add_option("dir", raw.root)->option_text("DIR");
  serve->add_option("--root", raw.root_option)->option_text("DIR")->group("");
  add_site_options(*serve, options.site, raw.site);
  add_server_options(*serve, options, raw);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return PrintAndExit{app.help(), 0};  // of the subcommand that was named
  } catch (const CLI::CallForVersion&) {
    return PrintAndExit{version, 0};
  } catch (const CLI::ParseError& error) {
    const Words words(argv + 1, argv + argc);
    return PrintAndExit{complaint(error, words, app, raw.root) + "; see troika serve --help", 1};
  }
  const auto checked =
      check_values(*serve).and_then([&] { return complete(options, raw); }).and_then([&] {
        return check_folder(*serve, options.root);
      });
  if (!checked) {
    return PrintAndExit{checked.error(), 1};
  }
  return options;
}

}  // namespace troika
