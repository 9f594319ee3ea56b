#include "server/cli.h"

#include <CLI/CLI.hpp>
#include <charconv>

#include "server/version.h"

namespace troika {
namespace {

constexpr std::string_view kExamples = R"(
Examples:
  troika serve                      the built-in page on https://localhost:8443/
  troika serve ./site               a folder
  troika serve ./site --listen 0.0.0.0:443 --listen '[::]:443' \
               --cert cert.pem --key key.pem --http-redirect 0.0.0.0:80
)";

std::vector<Address> loopback(std::uint16_t port) {
  std::vector<Address> both{*Address::parse("127.0.0.1:0"), *Address::parse("[::1]:0")};
  for (Address& address : both) address.set_port(port);
  return both;
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

// "[ADDR:]PORT": a port alone means loopback on both families.
Checked<std::vector<Address>> addresses_of(const std::string& text, ServeOptions& options) {
  if (const auto port = port_number(text)) {
    options.both_families = true;
    return loopback(*port);
  }
  return Address::parse(text).transform([](Address a) { return std::vector{a}; });
}

struct Raw {
  std::string root, root_option, alt_svc;
  std::vector<std::string> listen, http, redirect;
};

Checked<void> complete(ServeOptions& options, const Raw& raw) {
  if (!raw.root.empty() && !raw.root_option.empty()) {
    return std::unexpected("the folder is given twice: write it once, as DIR or with --root");
  }
  options.root = raw.root.empty() ? raw.root_option : raw.root;
  for (const std::string& text : raw.listen) {
    const auto addresses = addresses_of(text, options);
    if (!addresses) return std::unexpected(addresses.error());
    options.listen.insert(options.listen.end(), addresses->begin(), addresses->end());
  }
  if (options.listen.empty()) {
    options.listen = loopback(8443);
    options.both_families = true;
  }
  for (const auto& [texts, redirect] : {std::pair(&raw.http, false), {&raw.redirect, true}}) {
    for (const std::string& text : *texts) {
      const auto addresses = addresses_of(text, options);
      if (!addresses) return std::unexpected(addresses.error());
      for (const Address& address : *addresses) options.plain.push_back({address, redirect});
    }
  }
  if (options.cert_file.empty() != options.key_file.empty()) {
    return std::unexpected(
        "--cert and --key go together: give both, or none for a local certificate");
  }
  if (!raw.alt_svc.empty()) {
    options.alt_svc = raw.alt_svc == "off" ? 0 : port_number(raw.alt_svc);
    if (!options.alt_svc) {
      return std::unexpected("--alt-svc takes a port or \"off\", not \"" + raw.alt_svc + "\"");
    }
  }
  return {};
}

}  // namespace

std::variant<ServeOptions, PrintAndExit> parse_command_line(int argc, char** argv) {
  CLI::App app("Troika serves one site over HTTP/1.1, HTTP/2 and HTTP/3 on one port.", "troika");
  app.set_version_flag("--version", version_text(), "Print the version and those of the libraries");
  app.require_subcommand(1);
  app.footer(std::string(kExamples));

  ServeOptions options;
  Raw raw;
  CLI::App* serve = app.add_subcommand("serve", "Serve a folder over https");
  serve->footer(std::string(kExamples));
  serve->add_option("dir", raw.root, "The folder to serve; none: a built-in page")
      ->option_text("DIR");
  serve->add_option("--root", raw.root_option, "The same as DIR")->option_text("DIR");
  serve
      ->add_option("--listen", raw.listen,
                   "TLS and QUIC here (repeatable; default: loopback, 8443)")
      ->option_text("[ADDR:]PORT")
      ->allow_extra_args(false);
  serve
      ->add_option("--cert", options.cert_file, "Certificate and its chain (default: a local CA's)")
      ->option_text("FILE");
  serve->add_option("--key", options.key_file, "Private key of the certificate")
      ->option_text("FILE");
  serve->add_option("--http", raw.http, "Serve without TLS here, too (repeatable)")
      ->option_text("[ADDR:]PORT")
      ->allow_extra_args(false);
  serve->add_option("--http-redirect", raw.redirect, "Redirect to https from here (repeatable)")
      ->option_text("[ADDR:]PORT")
      ->allow_extra_args(false);
  serve->add_option("--alt-svc", raw.alt_svc, "Port to announce HTTP/3 on, if it is mapped")
      ->option_text("PORT|off");
  serve->add_option("--access-log", options.access_log, "One line a request (default: -)")
      ->option_text("FILE|-|off");

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return PrintAndExit{app.help(), 0};  // of the subcommand that was named
  } catch (const CLI::CallForVersion&) {
    return PrintAndExit{version_text(), 0};
  } catch (const CLI::ParseError& error) {
    return PrintAndExit{std::string(error.what()) + "; see troika serve --help", 1};
  }
  if (const auto checked = complete(options, raw); !checked) {
    return PrintAndExit{checked.error(), 1};
  }
  return options;
}

}  // namespace troika
