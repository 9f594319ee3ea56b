#include "config/cli.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

using namespace troika;

namespace {

std::variant<ServeOptions, PrintAndExit> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "troika");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return parse_command_line(static_cast<int>(argv.size()), argv.data(), "troika 1.2.3");
}

ServeOptions accepted(std::vector<std::string> words) {
  auto parsed = parse(std::move(words));
  REQUIRE(std::holds_alternative<ServeOptions>(parsed));
  return std::get<ServeOptions>(std::move(parsed));
}

std::string refused(std::vector<std::string> words) {
  const auto parsed = parse(std::move(words));
  REQUIRE(std::holds_alternative<PrintAndExit>(parsed));
  CHECK(std::get<PrintAndExit>(parsed).code == 1);
  CHECK(!std::get<PrintAndExit>(parsed).text.contains('\n'));
  return std::get<PrintAndExit>(parsed).text;
}

}  // namespace

TEST_CASE("With nothing said it serves the built-in page on loopback, port 8443, both families") {
  const ServeOptions options = accepted({"serve"});
  CHECK(options.root.empty());
  CHECK(options.both_families);
  REQUIRE(options.listen.size() == 2);
  CHECK(options.listen[0].text() == "127.0.0.1:8443");
  CHECK(options.listen[1].text() == "[::1]:8443");
  CHECK(options.access_log == "-");
}

TEST_CASE("A folder may stand before and after options, or be called --root") {
  CHECK(accepted({"serve", "site", "--listen", "127.0.0.1:1"}).root == "site");
  CHECK(accepted({"serve", "--listen", "127.0.0.1:1", "site"}).root == "site");
  CHECK(accepted({"serve", "--root", "site"}).root == "site");
  CHECK(refused({"serve", "a", "--root", "b"}).contains("twice"));
}

TEST_CASE("--listen is repeatable, and a port alone means loopback on both families") {
  const ServeOptions options = accepted({"serve", "--listen", "0.0.0.0:443", "--listen", "9"});
  CHECK(options.both_families);
  REQUIRE(options.listen.size() == 3);
  CHECK(options.listen[0].text() == "0.0.0.0:443");
  CHECK(options.listen[1].text() == "127.0.0.1:9");
  CHECK(options.listen[2].text() == "[::1]:9");
}

TEST_CASE("A colon or a star before the port means all addresses, localhost loopback") {
  for (const std::string text : {":8443", "*:8443"}) {
    const ServeOptions options = accepted({"serve", "--listen", text, "--http", ":80"});
    CHECK(options.both_families);
    REQUIRE(options.listen.size() == 2);
    CHECK(options.listen[0].text() == "0.0.0.0:8443");
    CHECK(options.listen[1].text() == "[::]:8443");
    REQUIRE(options.plain.size() == 2);
    CHECK(options.plain[1].address.text() == "[::]:80");
  }
  for (const std::string text : {"localhost:8443", "LocalHost:8443"}) {
    const ServeOptions options = accepted({"serve", "--listen", text});
    CHECK(options.both_families);
    REQUIRE(options.listen.size() == 2);
    CHECK(options.listen[0].text() == "127.0.0.1:8443");
    CHECK(options.listen[1].text() == "[::1]:8443");
  }
  CHECK(!accepted({"serve", "--listen", "[::]:8443"}).both_families);
  for (const std::string text :
       {"::8443", ":", ":65536", "*", "**:8443", "example.org:443", "localhost"}) {
    CHECK(refused({"serve", "--listen", text}) ==
          "\"" + text +
              "\" is not an address and port: write 8443 (loopback), :8443 (all addresses), "
              "127.0.0.1:8443 or [::1]:8443");
  }
}

TEST_CASE("Plain listeners serve or redirect") {
  const ServeOptions options =
      accepted({"serve", "--http", "127.0.0.1:80", "--http-redirect", "127.0.0.1:81"});
  REQUIRE(options.plain.size() == 2);
  CHECK(!options.plain[0].redirect);
  CHECK(options.plain[1].redirect);
  CHECK(options.plain[1].address.port() == 81);
}

TEST_CASE("--congestion takes cubic, bbr or reno") {
  using quic::Congestion;
  CHECK(accepted({"serve"}).congestion == Congestion::cubic);
  CHECK(accepted({"serve", "--congestion", "cubic"}).congestion == Congestion::cubic);
  CHECK(accepted({"serve", "--congestion", "bbr"}).congestion == Congestion::bbr);
  CHECK(accepted({"serve", "--congestion", "reno"}).congestion == Congestion::reno);
  for (const char* wrong : {"vegas", "CUBIC", "bbr2", " "}) {
    CHECK(refused({"serve", "--congestion", wrong}) ==
          "--congestion takes cubic, bbr or reno, not \"" + std::string(wrong) + "\"");
  }
}

TEST_CASE("--workers takes a number from 1 to 128") {
  CHECK(accepted({"serve"}).workers == 0);
  CHECK(accepted({"serve", "--workers", "1"}).workers == 1);
  CHECK(accepted({"serve", "--workers", "128"}).workers == 128);
  for (const char* wrong : {"0", "129", "-1", "all", "2.5"}) {
    CHECK(refused({"serve", "--workers", wrong}).contains(wrong));
  }
}

TEST_CASE("--preferred-address takes one address of each family") {
  CHECK(accepted({"serve"}).preferred_v4.family() == AF_UNSPEC);
  const ServeOptions options = accepted({"serve", "--preferred-address", "192.0.2.7:443",
                                         "--preferred-address", "[2001:db8::7]:444"});
  CHECK(options.preferred_v4.text() == "192.0.2.7:443");
  CHECK(options.preferred_v6.text() == "[2001:db8::7]:444");
  CHECK(refused({"serve", "--preferred-address", "192.0.2.7:443", "--preferred-address",
                 "192.0.2.8:443"}) ==
        "--preferred-address takes one address of a family, and 192.0.2.7:443 and 192.0.2.8:443 "
        "are both IPv4");
  CHECK(refused({"serve", "--preferred-address", "[::1]:1", "--preferred-address", "[::2]:1"})
            .ends_with("both IPv6"));
  const std::string hint = ": write one like 192.0.2.7:443 or [2001:db8::7]:443";
  for (const std::string wildcard : {"0.0.0.0:443", "[::]:443"}) {
    CHECK(refused({"serve", "--preferred-address", wildcard}) ==
          "--preferred-address " + wildcard + " names no address that a client could go to" + hint);
  }
  CHECK(refused({"serve", "--preferred-address", "192.0.2.7:0"}) ==
        "--preferred-address 192.0.2.7:0 names no port" + hint);
  for (const std::string wrong : {"443", "192.0.2.7", "example.org:443", ":443", "::1:443"}) {
    CHECK(refused({"serve", "--preferred-address", wrong}) ==
          "--preferred-address: \"" + wrong +
              "\" is not an address and port: write it like 127.0.0.1:8443 or [::1]:8443");
  }
}

TEST_CASE("--qlog takes a folder, and --qlog-only chooses") {
  CHECK(accepted({"serve"}).qlog.empty());
  CHECK(accepted({"serve", "--qlog", "logs"}).qlog == "logs");
  CHECK(accepted({"serve", "--qlog", "logs", "--qlog-only", "1/7"}).qlog_only.one_in == 7);
  CHECK(accepted({"serve", "--qlog", "logs", "--qlog-only", "10.0.0.0/8"}).qlog_only.clients);
  CHECK(refused({"serve", "--qlog-only", "1/7"}) ==
        "--qlog-only chooses among the files of --qlog DIR: give both");
  CHECK(refused({"serve", "--qlog", "logs", "--qlog-only", "some"}).contains("\"some\""));
}

TEST_CASE("--public-port is the port that clients use, and --alt-svc PORT another name for it") {
  const ServeOptions plain = accepted({"serve"});
  CHECK(!plain.public_port);
  CHECK(plain.announce_http3);
  for (const char* name : {"--public-port", "--alt-svc"}) {
    CHECK(accepted({"serve", name, "1"}).public_port == 1);
    CHECK(accepted({"serve", name, "65535"}).public_port == 65535);
    CHECK(accepted({"serve", name, "443"}).announce_http3);
    for (const char* wrong : {"0", "65536", "-1", "maybe", ":443", "443 "}) {
      CHECK(refused({"serve", name, wrong})
                .starts_with(std::string(name) + " takes a port from 1 to 65535"));
    }
  }
  CHECK(refused({"serve", "--alt-svc", "on"}) ==
        "--alt-svc takes a port from 1 to 65535 or \"off\", not \"on\"");
  CHECK(refused({"serve", "--public-port", "off"}) ==
        "--public-port takes a port from 1 to 65535, not \"off\"");
  CHECK(!accepted({"serve", "--alt-svc", "off"}).announce_http3);
  CHECK(!accepted({"serve", "--alt-svc", "off"}).public_port);
  const ServeOptions both = accepted({"serve", "--alt-svc", "off", "--public-port", "443"});
  CHECK(!both.announce_http3);
  CHECK(both.public_port == 443);
  CHECK(accepted({"serve", "--alt-svc", "443", "--public-port", "443"}).public_port == 443);
  CHECK(refused({"serve", "--alt-svc", "443", "--public-port", "444"}) ==
        "--public-port 444 and --alt-svc 443 name two ports: --alt-svc is another name for "
        "--public-port, leave one of them out");
}

TEST_CASE("--cert and --key come in pairs, in their order, and --certs goes with them") {
  const ServeOptions options = accepted(
      {"serve", "--cert", "a", "--key", "ak", "--key", "bk", "--cert", "b", "--certs", "folder"});
  REQUIRE(options.certificates.size() == 2);
  CHECK(options.certificates[0].cert_file == "a");
  CHECK(options.certificates[0].key_file == "ak");
  CHECK(options.certificates[1].cert_file == "b");
  CHECK(options.certificates[1].key_file == "bk");
  CHECK(options.certs_folder == "folder");
  CHECK(accepted({"serve"}).certificates.empty());
  CHECK(refused({"serve", "--cert", "a", "--key", "ak", "--cert", "b"}) ==
        "--cert and --key go together, and there are 2 of the one and 1 of the other: give both "
        "for each certificate, or none for a local one");
  CHECK(refused({"serve", "--certs", ""}) == "--certs needs a folder: --certs DIR");
}

TEST_CASE("So many certificates may be named, and no more") {
  const auto words = [](std::size_t count) {
    std::vector<std::string> all{"serve"};
    for (std::size_t i = 0; i < count; ++i) all.insert(all.end(), {"--cert", "c", "--key", "k"});
    return all;
  };
  CHECK(accepted(words(tls::kMostCertificates)).certificates.size() == tls::kMostCertificates);
  CHECK(refused(words(tls::kMostCertificates + 1)) ==
        "--cert is given 1001 times: 1000 certificates are the most");
}

TEST_CASE("--client-ca asks for certificates of clients, and nothing said means required") {
  using tls::ClientAuth;
  CHECK(accepted({"serve"}).client_auth == ClientAuth::none);
  const ServeOptions required = accepted({"serve", "--client-ca", "ca.pem"});
  CHECK(required.client_auth == ClientAuth::required);
  CHECK(required.client_ca == "ca.pem");
  const auto with = [](const char* mode) {
    return std::vector<std::string>{"serve", "--client-ca", "ca.pem", "--client-auth", mode};
  };
  CHECK(accepted(with("required")).client_auth == ClientAuth::required);
  CHECK(accepted(with("optional")).client_auth == ClientAuth::optional);
  for (const char* wrong : {"none", "off", "Required"}) {
    CHECK(refused(with(wrong)) ==
          "--client-auth takes \"required\" or \"optional\", not \"" + std::string(wrong) + "\"");
  }
  CHECK(refused({"serve", "--client-auth", "optional"}) ==
        "--client-auth needs the CA of the clients' certificates: add --client-ca FILE");
  // A shell's empty variable must not be a server that lets everybody in.
  CHECK(refused({"serve", "--client-ca", ""}) == "--client-ca needs a file: --client-ca FILE");
}

TEST_CASE("Who requires certificates of clients serves nobody without TLS") {
  const auto with = [](const char* mode, const char* plain) {
    return std::vector<std::string>{"serve", "--client-ca", "ca.pem", "--client-auth",
                                    mode,    plain,         ":8080"};
  };
  CHECK(refused(with("required", "--http")) ==
        "--http serves everybody without a certificate, which --client-ca requires: leave --http "
        "out, write --http-redirect instead, or add --client-auth optional");
  CHECK(refused({"serve", "--http", ":8080", "--client-ca", "ca.pem"}).contains("--http serves"));
  CHECK(accepted(with("required", "--http-redirect")).client_ca == "ca.pem");
  CHECK(accepted(with("optional", "--http")).client_ca == "ca.pem");
}

TEST_CASE("An option whose value is empty is refused, not left out") {
  const auto each = [](const std::string& name, const std::string& said) {
    CAPTURE(name);
    CHECK(refused({"serve", name, ""}) == said);
    CHECK(refused({"serve", "site", name, "", "--spa"}) == said);
    CHECK(refused({"serve", "site", name + "="}).starts_with(name + " needs a "));
  };
  for (const std::string name : {"--secrets", "--keylog", "--cert", "--key", "--client-ca"}) {
    each(name, name + " needs a file: " + name + " FILE");
  }
  each("--certs", "--certs needs a folder: --certs DIR");
  each("--qlog", "--qlog needs a folder: --qlog DIR");
  each("--root", "--root needs a folder: --root DIR");
  each("--access-log", "--access-log needs a file: --access-log FILE|-|off");
  for (const auto& [name, value] : std::initializer_list<std::pair<std::string, std::string>>{
           {"--listen", "[ADDR:]PORT"},
           {"--http", "[ADDR:]PORT"},
           {"--http-redirect", "[ADDR:]PORT"},
           {"--public-port", "N"},
           {"--alt-svc", "PORT|off"},
           {"--preferred-address", "IP:PORT"},
           {"--client-auth", "MODE"},
           {"--workers", "N"},
           {"--congestion", "cubic|bbr|reno"},
           {"--qlog-only", "1/N|ADDR[/BITS]"},
           {"--error-page", "CODE=PATH"},
           {"--type", "EXT=TYPE"},
           {"--cache", "GLOB=RULE"},
           {"--header", "'NAME: VALUE'"},
           {"--cors", "ORIGIN"}}) {
    each(name, name + " needs a value: " + name + " " + value);
  }
  // Also beside one that is not.
  CHECK(refused({"serve", "--listen", "8443", "--listen", ""}) ==
        "--listen needs a value: --listen [ADDR:]PORT");
}

TEST_CASE("A folder that is an empty word is refused: it does not mean the built-in page") {
  const std::string said =
      "the folder is an empty word: name one, or leave it out to serve the built-in page";
  CHECK(refused({"serve", ""}) == said);
  CHECK(refused({"serve", "", "--listen", "8443"}) == said);
  CHECK(refused({"serve", "--listen", "8443", ""}) == said);
}

TEST_CASE("What is wrong is said in one sentence") {
  CHECK(refused({"serve", "--listen", "nonsense"}).contains("\"nonsense\""));
  CHECK(refused({"serve", "--listen", "127.0.0.1:99999"}).contains("99999"));
  CHECK(refused({"serve", "--cert", "c"}).contains("--key"));
  CHECK(refused({"serve", "--key", "k"}).contains("--cert"));
  CHECK(refused({"serve", "--nope"}).contains("--nope"));
  CHECK(refused({"fly"}).contains("--help"));
  CHECK(refused({}).contains("--help"));
}

TEST_CASE("A folder without a command, or before it, is told what was meant") {
  const std::string help = "; see troika serve --help";
  CHECK(refused({"./site"}) == "did you mean: troika serve ./site" + help);
  CHECK(refused({"../my site", "--spa"}) == "did you mean: troika serve '../my site' --spa" + help);
  CHECK(refused({"/"}) == "did you mean: troika serve /" + help);
  CHECK(refused({"."}) == "did you mean: troika serve ." + help);
  CHECK(refused({"--spa", "site"}) == "did you mean: troika serve --spa site" + help);
  CHECK(refused({"./site", "serve"}) == "did you mean: troika serve ./site" + help);
  CHECK(refused({"--spa", "serve", "site"}) == "did you mean: troika serve --spa site" + help);
  CHECK(refused({"fly"}) == "there is no command \"fly\": troika serve DIR serves a folder" + help);
  CHECK(refused({}) == "there is no command: troika serve DIR serves a folder" + help);
}

TEST_CASE("An option that is not there is named, and --port told of --listen") {
  const std::string help = "; see troika serve --help";
  CHECK(refused({"serve", "--nope"}) == "there is no option --nope" + help);
  CHECK(refused({"serve", "a", "--nope=3", "b"}) == "there is no option --nope" + help);
  const std::string listen = "there is no option --port: use --listen ";
  CHECK(refused({"serve", "--port", "8080"}) == listen + "8080" + help);
  CHECK(refused({"serve", "--port", "8080", "site"}) == listen + "8080" + help);
  CHECK(refused({"serve", "site", "--port", "8080"}) == listen + "8080" + help);
  CHECK(refused({"serve", "site", "--port=8080"}) == listen + "8080" + help);
  CHECK(refused({"serve", "site", "-p", "8080"}) ==
        "there is no option -p: use --listen 8080" + help);
  CHECK(refused({"serve", "--port"}) == listen + "PORT" + help);
  CHECK(refused({"serve", "--port", "site"}) == listen + "PORT" + help);
}

TEST_CASE("An option without its value is told what it takes") {
  CHECK(refused({"serve", "site", "--listen"}) ==
        "--listen needs a value: --listen [ADDR:]PORT; see troika serve --help");
  CHECK(refused({"serve", "site", "--spa", "--header"}) ==
        "--header needs a value: --header 'NAME: VALUE'; see troika serve --help");
  CHECK(refused({"serve", "--cert"}) ==
        "--cert needs a value: --cert FILE; see troika serve --help");
}

TEST_CASE("A second folder is refused with the thought that quotes are missing") {
  const std::string said = refused({"serve", "--header", "X-Frame-Options:", "DENY", "site"});
  CHECK(said.contains("not \"DENY\" and \"site\" as well"));
  CHECK(said.contains("quotes"));
}

TEST_CASE("Options of files fill what the handler is given") {
  const SiteOptions plain = accepted({"serve", "site"}).site;
  CHECK(!plain.listing);
  CHECK(!plain.spa);
  CHECK(!plain.clean_urls);
  CHECK(!plain.dotfiles);
  CHECK(plain.compress);
  CHECK(plain.error_pages.empty());

  CHECK(accepted({"serve", "site", "--listing"}).site.listing);
  CHECK(accepted({"serve", "--spa", "site"}).site.spa);
  CHECK(accepted({"serve", "site", "--clean-urls"}).site.clean_urls);
  CHECK(accepted({"serve", "site", "--dotfiles"}).site.dotfiles);
  CHECK(!accepted({"serve", "site", "--no-compress"}).site.compress);
  const auto pages =
      accepted({"serve", "--error-page", "404=/a.html", "site", "--error-page", "503=b"})
          .site.error_pages;
  REQUIRE(pages.size() == 2);
  CHECK(pages[0] == std::pair<std::uint16_t, std::string>(404, "a.html"));
  CHECK(pages[1] == std::pair<std::uint16_t, std::string>(503, "b"));
  const auto types =
      accepted({"serve", "--type", ".MD=text/plain", "site", "--type", "x=a/b; c=d"}).site.types;
  REQUIRE(types.size() == 2);
  CHECK(types[0] == std::pair<std::string, std::string>("md", "text/plain"));
  CHECK(types[1] == std::pair<std::string, std::string>("x", "a/b; c=d"));
}

TEST_CASE("Options of fields are repeatable and keep their order") {
  const SiteOptions site =
      accepted({"serve", "--cache", "*.css=7d", "site", "--cache", "[a-c]*=no-store", "--header",
                "X-A: 1, 2", "--header", "*.wasm=x-b:3", "--header", "x-a: 3", "--cors",
                "https://a.test", "--cors", "http://b.test:81"})
          .site;
  REQUIRE(site.cache.size() == 2);
  CHECK(site.cache[0].glob == "*.css");
  CHECK(site.cache[1].glob == "[a-c]*");
  CHECK(site.cache[1].value == "no-store");
  REQUIRE(site.headers.size() == 3);
  CHECK(site.headers[0] == SiteOptions::HeaderRule{"x-a", "1, 2"});
  CHECK(site.headers[1] == SiteOptions::HeaderRule{"x-b", "3", "*.wasm"});
  CHECK(site.headers[2] == SiteOptions::HeaderRule{"x-a", "3"});
  CHECK(site.cors == std::vector<std::string>{"https://a.test", "http://b.test:81"});
}

TEST_CASE("What is wrong with options of files and fields is said in one sentence") {
  CHECK(refused({"serve", "site", "--error-page", "200=/a"}).contains("200=/a"));
  CHECK(refused({"serve", "site", "--cache", "*.css=sometimes"}).contains("sometimes"));
  CHECK(refused({"serve", "site", "--header", "X-A"}).contains("colon"));
  CHECK(refused({"serve", "site", "--cors", "https://a.test/"}).contains("https://a.test/"));
  CHECK(refused({"serve", "site", "--cache"}).contains("--cache"));
  CHECK(refused({"serve", "site", "--error-page", "404=/a", "--error-page", "404=/b"}) ==
        "--error-page is given twice for 404: choose one page");
  CHECK(refused({"serve", "site", "--error-page", "400=/a"}).contains("400=/a"));
  CHECK(refused({"serve", "site", "--type", "md=text"}).contains("md=\"text\""));
  CHECK(refused({"serve", "site", "--type", "md=a/b", "--type", ".MD=a/b"}) ==
        "--type is given twice for md: choose one type");
}

TEST_CASE("Options of files and fields need a folder") {
  for (const std::string name :
       {"--listing", "--spa", "--clean-urls", "--dotfiles", "--no-compress"}) {
    CHECK(refused({"serve", name}) == name + " needs a folder: troika serve DIR " + name);
  }
  CHECK(refused({"serve", "--error-page", "404=/a"}) ==
        "--error-page needs a folder: troika serve DIR --error-page CODE=PATH");
  CHECK(refused({"serve", "--type", "a=b/c"}).contains("DIR --type EXT=TYPE"));
  CHECK(refused({"serve", "--cache", "*=1d"}).contains("DIR --cache GLOB=RULE"));
  CHECK(refused({"serve", "--header", "A: b"}).contains("DIR --header 'NAME: VALUE'"));
  CHECK(refused({"serve", "--cors", "*"}).contains("DIR --cors ORIGIN"));
  CHECK(accepted({"serve", "--root", "site", "--spa"}).site.spa);
}

namespace {

std::vector<std::string> printed_lines(std::vector<std::string> words) {
  const auto parsed = parse(std::move(words));
  REQUIRE(std::holds_alternative<PrintAndExit>(parsed));
  CHECK(std::get<PrintAndExit>(parsed).code == 0);
  std::vector<std::string> lines;
  std::istringstream text(std::get<PrintAndExit>(parsed).text);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("--help and --version print and leave with 0; the help of serve fits a screen") {
  CHECK(!printed_lines({"--version"}).empty());
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--help"}, {"-h"}, {"serve", "--help"}, {"serve", "-h"}}) {
    const std::vector<std::string> lines = printed_lines(words);
    CHECK(lines.size() <= 54);
    for (const std::string& line : lines) {
      CAPTURE(line);
      CHECK(line.size() <= 80);
    }
  }
}

TEST_CASE("The help of serve has its options in groups, one line each") {
  const std::vector<std::string> lines = printed_lines({"serve", "--help"});
  const auto at = [&](std::string_view start) {
    CAPTURE(start);
    const auto found = std::ranges::find_if(
        lines, [&](const std::string& line) { return line.starts_with(start); });
    CHECK(found != lines.end());
    return found - lines.begin();
  };
  long last = 0;
  for (const std::string_view start : {"Usage: troika serve [DIR]",
                                       "Files:",
                                       "  --listing ",
                                       "  --spa ",
                                       "  --clean-urls ",
                                       "  --error-page CODE=PATH ",
                                       "  --dotfiles ",
                                       "  --no-compress ",
                                       "  --precoded ",
                                       "  --type EXT=TYPE ",
                                       "Fields:",
                                       "  --cache GLOB=RULE ",
                                       "  --header 'NAME: VALUE' ",
                                       "  --cors ORIGIN ",
                                       "Addresses:",
                                       "  --listen [ADDR:]PORT ",
                                       "  --http [ADDR:]PORT ",
                                       "  --http-redirect [ADDR:]PORT ",
                                       "  --public-port N ",
                                       "  --alt-svc PORT|off ",
                                       "Certificate:",
                                       "  --cert FILE ",
                                       "  --key FILE ",
                                       "  --certs DIR ",
                                       "  --client-ca FILE ",
                                       "  --client-auth MODE ",
                                       "Process:",
                                       "  --workers N ",
                                       "  --congestion cubic|bbr|reno ",
                                       "  --access-log FILE|-|off ",
                                       "Examples:"}) {
    const long here = at(start);
    CHECK(here >= last);
    last = here;
  }
  for (std::size_t i = 1; i < lines.size(); ++i) CHECK(!(lines[i].empty() && lines[i - 1].empty()));
}

TEST_CASE("Clients are moved to QUIC version 2 with --quic-upgrade only") {
  CHECK_FALSE(accepted({"serve"}).quic_upgrade);
  CHECK(accepted({"serve", "--quic-upgrade"}).quic_upgrade);
}

TEST_CASE("Early data is on unless --no-0rtt says otherwise, and --secrets takes a file") {
  CHECK(accepted({"serve"}).early_data);
  CHECK_FALSE(accepted({"serve", "--no-0rtt"}).early_data);
  CHECK(accepted({"serve"}).secrets_file.empty());
  CHECK(accepted({"serve", "--secrets", "keys"}).secrets_file == "keys");
  CHECK(refused({"serve", "--secrets"}).contains("--secrets needs a value: --secrets FILE"));
}
