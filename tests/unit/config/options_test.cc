#include "config/options.h"
#include "base/text.h"

#include <catch2/catch_test_macros.hpp>
#include <ranges>

#include "config/cli.h"

using namespace troika;

namespace {

// What is another than by default, as "key=value; " in the order of the tree.
std::string changes(const Config& config) {
  std::string all;
  const auto put = [&](std::string_view key, const auto& value, const auto& usual) {
    if (value != usual) all += formatted("{}={}; ", key, value);
  };
  const auto put_address = [&](std::string_view key, const Address& address) {
    if (address.family() != AF_UNSPEC) all += formatted("{}={}; ", key, address.text());
  };
  const Config usual;
  const FilesSpec* const folder = folder_of(config);
  const FilesSpec& files = folder != nullptr ? *folder : FilesSpec{};
  const SiteOptions& site = files.options;
  put("root", files.root, "");
  put("listing", site.listing, false);
  put("spa", site.spa, false);
  put("clean_urls", site.clean_urls, false);
  put("dotfiles", site.dotfiles, false);
  put("compress", site.compress, true);
  put("precoded", site.precoded, false);
  for (const auto& [status, path] : site.error_pages) all += formatted("{}={}; ", status, path);
  for (const auto& [extension, type] : site.types) all += extension + "=" + type + "; ";
  for (const auto& rule : site.cache) all += rule.glob + "=" + rule.value + "; ";
  for (const auto& r : site.headers) all += r.glob + "=" + r.name + ": " + r.value + "; ";
  for (const auto& origin : site.cors) all += "cors=" + origin + "; ";
  if (config.listen != usual.listen) {
    for (const Address& address : config.listen) put_address("listen", address);
  }
  for (const auto& [address, redirect] : config.plain) {
    put_address(redirect ? "redirect" : "plain", address);
  }
  put("both_families", config.both_families, true);
  put("public_port", config.public_port.value_or(0), 0);
  put("announce_http3", config.announce_http3, true);
  put("workers", config.workers, 0U);
  put("memory", config.memory, std::size_t{0});
  put("rate", config.exchange_timeouts.least_rate, 240U);
  for (const auto& [cert, key] : config.tls.certificates) all += cert + "+" + key + "; ";
  put("certs", config.tls.certs_folder, "");
  put("client_auth", static_cast<int>(config.tls.client_auth), 0);
  put("client_ca", config.tls.client_ca, "");
  put("early_data", config.tls.early_data, true);
  put("secrets", config.tls.secrets_file, "");
  put("access", config.log.access, "-");
  put("format", static_cast<int>(config.log.format), 0);
  const Redaction& redact = config.log.redact;
  for (const auto& [part, out] : {std::pair("query", redact.query),
                                  {"client", redact.client},
                                  {"user_agent", redact.user_agent},
                                  {"referer", redact.referer}}) {
    if (out) all += formatted("without {}; ", part);
  }
  put("server_log", config.log.server, "-");
  put("level", static_cast<int>(config.log.level), 2);
  put("server_timing", config.server_timing, false);
  put("keys", config.log.keys, "");
  put("qlog", config.log.qlog, "");
  if (const auto& only = config.log.qlog_only) {
    all += only->clients ? "clients=" + only->clients->first.ip() : "one_in=";
    all += only->clients ? "; " : std::to_string(only->one_in) + "; ";
  }
  put("congestion", static_cast<int>(config.quic.congestion), 1);
  put("tcp_congestion", config.tcp_congestion, "");
  put("upgrade_version", config.quic.upgrade_version, false);
  put_address("preferred_v4", config.quic.preferred_v4);
  put_address("preferred_v6", config.quic.preferred_v6);
  return all;
}

// Of "troika serve" and `line`, whose words are parted by bars.
std::string read(const std::string& line) {
  std::vector<std::string> words{"troika", "serve"};
  for (const auto word : std::views::split(line, '|')) words.emplace_back(word.begin(), word.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  const auto parsed = parse_command_line(static_cast<int>(argv.size()), argv.data(), "");
  if (const auto* serve = std::get_if<ServeCommand>(&parsed)) return changes(serve->config);
  CHECK(std::get<PrintAndExit>(parsed).code == 1);
  return std::get<PrintAndExit>(parsed).text;
}

// A line and what comes of it: the changes, or the error.
void check(std::initializer_list<std::pair<std::string, std::string>> rows) {
  for (const auto& [line, expected] : rows) {
    CAPTURE(line);
    CHECK(read(line) == expected);
  }
}

// Each value of `option` gets an error with the value between `before` and `after`.
void check_wrong(const std::string& option, std::initializer_list<std::string> values,
                 const std::string& before, const std::string& after) {
  for (const std::string& value : values) {
    check({{option + "|" + value, option + ": " + before + "\"" + value + "\"" + after}});
  }
}

}  // namespace

TEST_CASE("Addresses: a port alone means loopback, a colon before it all, of both families") {
  const std::string all = "listen=0.0.0.0:8443; listen=[::]:8443; ";
  check({{"", ""},
         {"--listen|0.0.0.0:443|--listen|9",
          "listen=0.0.0.0:443; listen=127.0.0.1:9; listen=[::1]:9; "},
         {"--listen|localhost:8443", ""},
         {"--listen|LocalHost:8443", ""},
         {"--listen|:8443", all},
         {"--listen|*:8443", all},
         {"--listen|[::]:8443", "listen=[::]:8443; both_families=false; "},
         {"--listen|[::]:8443|--http|:80", "listen=[::]:8443; plain=0.0.0.0:80; plain=[::]:80; "},
         {"--http|127.0.0.1:80|--http-redirect|127.0.0.1:81",
          "plain=127.0.0.1:80; redirect=127.0.0.1:81; "}});
  for (const char* option : {"--listen", "--http", "--http-redirect"}) {
    check_wrong(option,
                {"::8443", ":", ":65536", "*", "**:8443", "example.org:443", "localhost",
                 "nonsense", "127.0.0.1:99999"},
                "",
                " is not an address and port: write 8443 (loopback), :8443 (all addresses), "
                "127.0.0.1:8443 or [::1]:8443");
  }
}

TEST_CASE("--public-port is the port that clients use, and --alt-svc PORT another name for it") {
  check({{"--alt-svc|off", "announce_http3=false; "},
         {"--alt-svc|off|--public-port|443", "public_port=443; announce_http3=false; "},
         {"--alt-svc|443|--public-port|443", "public_port=443; "},
         {"--alt-svc|443|--public-port|444",
          "--alt-svc: 443 differs from --public-port 444: they are the same option, give only "
          "one"}});
  for (const auto& [option, also] : {std::pair("--public-port", ""), {"--alt-svc", " or off"}}) {
    const std::string name = option;
    check({{name + "|1", "public_port=1; "}, {name + "|65535", "public_port=65535; "}});
    check_wrong(name, {"0", "65536", "-1", "on", ":443", "443 "},
                formatted("must be a port from 1 to 65535{}, not ", also), "");
  }
}

TEST_CASE("--preferred-address takes one address of each family") {
  const std::string name = "--preferred-address";
  const std::string hint = ": write one like 192.0.2.7:443 or [2001:db8::7]:443";
  check({{name + "|192.0.2.7:443|" + name + "|[2001:db8::7]:444",
          "preferred_v4=192.0.2.7:443; preferred_v6=[2001:db8::7]:444; "},
         {name + "|192.0.2.7:443|" + name + "|192.0.2.8:443",
          name + ": accepts one address per family, but 192.0.2.7:443 and 192.0.2.8:443 are both "
                 "IPv4"},
         {name + "|[::1]:1|" + name + "|[::2]:1",
          name + ": accepts one address per family, but [::1]:1 and [::2]:1 are both IPv6"},
         {name + "|192.0.2.7:0", name + ": 192.0.2.7:0 has no port" + hint}});
  for (const std::string any : {"0.0.0.0:443", "[::]:443"}) {
    check({{name + "|" + any,
            name + ": " + any + " is not an address that clients can connect to" + hint}});
  }
  check_wrong(name, {"443", "192.0.2.7", "example.org:443", ":443", "::1:443"}, "",
              " is not an address and port: write it like 127.0.0.1:8443 or [::1]:8443");
}

TEST_CASE("--cert and --key come in pairs, in their order, and --certs goes with them") {
  const auto uneven = [](int certs, int keys) {
    return formatted(
        "--cert and --key must be given in pairs, but there are {} and {}: give both for each "
        "certificate, or neither to use a local one",
        certs, keys);
  };
  check({{"--cert|a|--key|ak|--key|bk|--cert|b", "a+ak; b+bk; "},
         {"--cert|a|--key|ak|--certs|folder", "a+ak; certs=folder; "},
         {"--cert|a|--key|ak|--cert|b", uneven(2, 1)},
         {"--cert|a", uneven(1, 0)},
         {"--key|a", uneven(0, 1)}});
  std::string most = "--cert|c|--key|k";
  for (std::size_t i = 1; i < tls::kMostCertificates; ++i) most += "|--cert|c|--key|k";
  CHECK(read(most).size() == tls::kMostCertificates * std::string_view("c+k; ").size());
  CHECK(read(most + "|--cert|c|--key|k") == "--cert: is given 1001 times: the maximum is 1000");
}

TEST_CASE("--client-ca asks for certificates of clients, which --client-auth makes optional") {
  const std::string required =
      formatted("client_auth={}; client_ca=ca.pem; ", static_cast<int>(tls::ClientAuth::required));
  const std::string optional =
      formatted("client_auth={}; client_ca=ca.pem; ", static_cast<int>(tls::ClientAuth::optional));
  const std::string open =
      "--http cannot check the client certificates that --client-ca requires: leave --http out, "
      "write --http-redirect instead, or add --client-auth optional";
  check(
      {{"--client-ca|ca.pem", required},
       {"--client-ca|ca.pem|--client-auth|required", required},
       {"--client-auth|optional|--client-ca|ca.pem", optional},
       {"--client-auth|optional",
        "--client-auth needs the CA of the clients' certificates: add --client-ca FILE"},
       // Who requires certificates of clients serves nobody without TLS.
       {"--client-ca|ca.pem|--http|127.0.0.1:80", open},
       {"--client-ca|ca.pem|--http|:80|--client-auth|required|--http-redirect|:81", open},
       {"--client-ca|ca.pem|--http|127.0.0.1:80|--client-auth|optional",
        "plain=127.0.0.1:80; " + optional},
       {"--client-ca|ca.pem|--http-redirect|127.0.0.1:80", "redirect=127.0.0.1:80; " + required}});
  check_wrong("--client-auth", {"none", "off", "Required"}, "must be required or optional, not ",
              "");
}

TEST_CASE("Options of the process") {
  check({{"--workers|1", "workers=1; "},
         {"--workers|128", "workers=128; "},
         {"--memory|16MiB", "memory=16777216; "},
         {"--memory|2GiB", "memory=2147483648; "},
         {"--memory|16384KiB", "memory=16777216; "},
         {"--min-rate|1", "rate=1; "},
         {"--min-rate|1000000", "rate=1000000; "},
         {"--min-rate|off", "rate=0; "},
         {"--congestion|cubic", "congestion=0; tcp_congestion=cubic; "},
         {"--congestion|bbr", "tcp_congestion=bbr; "},
         {"--congestion|reno", "congestion=2; tcp_congestion=reno; "},
         {"--access-log|off", "access=off; "},
         {"--keylog|keys", "keys=keys; "},
         {"--secrets|[x]", "secrets=[x]; "},
         {"--no-0rtt", "early_data=false; "},
         {"--quic-upgrade", "upgrade_version=true; "},
         {"--quic-upgrade=false", ""},
         {"--qlog|logs", "qlog=logs; "},
         {"--qlog|logs|--qlog-only|1/7", "qlog=logs; one_in=7; "},
         {"--qlog-only|10.0.0.0/8|--qlog|logs", "qlog=logs; clients=10.0.0.0; "},
         {"--qlog-only|1/7", "--qlog-only requires --qlog DIR"}});
  check_wrong("--memory",
              {"15MiB", "16383KiB", "134217728", "1", "GiB", "1TiB", "1 GiB", "-1GiB",
               "99999999999999999999GiB", "18014398509481984KiB"},
              "must be a size of at least 16MiB with its unit, like 512MiB or 2GiB, not ", "");
  check_wrong("--min-rate", {"0", "1000001", "-1", "240B", "1.5", " ", "OFF", "99999999999"},
              "must be a number of bytes a second from 1 to 1000000, or off, not ", "");
  check_wrong("--workers", {"0", "129", "-1", "all", "2.5"}, "must be a number from 1 to 128, not ",
              "");
  check_wrong("--congestion", {"vegas", "CUBIC", "bbr2", " "}, "must be cubic, bbr or reno, not ",
              "");
  check_wrong("--qlog-only", {"some"},
              "must be a share like 1/100, or an address of clients like 192.0.2.7, 192.0.2.0/24 "
              "or 2001:db8::/32, not ",
              "");
}

TEST_CASE("Options of files and fields fill what the handler is given, in their order") {
  check({{"a|--listing", "root=a; listing=true; "},
         {"--spa|a", "root=a; spa=true; "},
         {"a|--clean-urls", "root=a; clean_urls=true; "},
         {"a|--dotfiles", "root=a; dotfiles=true; "},
         {"a|--no-compress", "root=a; compress=false; "},
         {"a|--precoded", "root=a; precoded=true; "},
         {"--error-page|404=/a.html|a|--error-page|503=b", "root=a; 404=a.html; 503=b; "},
         {"--error-page|404=/a|--error-page|404=/b",
          "--error-page: is given twice for 404: choose one"},
         {"--type|.MD=text/plain|a|--type|x=a/b; c=d", "root=a; md=text/plain; x=a/b; c=d; "},
         {"--type|md=a/b|--type|.MD=a/b", "--type: is given twice for md: choose one"},
         {"--cache|*.css=7d|a|--cache|[a-c]*=no-store",
          "root=a; *.css=public, max-age=604800; [a-c]*=no-store; "},
         {"a|--header|X-A: 1, 2|--header|*.wasm=x-b:3|--header|x-a: 3",
          "root=a; =x-a: 1, 2; *.wasm=x-b: 3; =x-a: 3; "},
         {"a|--cors|https://a.test|--cors|http://b.test:81",
          "root=a; cors=https://a.test; cors=http://b.test:81; "},
         // The first wrong value of several.
         {"--cors|*|--cors|a|--cors|b",
          "--cors: must be '*' or an origin like https://example.org (no path, no trailing slash), "
          "not \"a\""}});
}

TEST_CASE("Logs: a format, what is left out of it, and the operator's with its level") {
  check({{"--log-format|text", ""},
         {"--log-format|combined", "format=1; "},
         {"--log-format|json", "format=2; "},
         {"--log-format|logfmt", "format=3; "},
         {"--log-format|caddy", "format=4; "},
         {"--log-redact|query|--log-redact|client", "without query; without client; "},
         {"--log-redact|user_agent|--log-redact|referer", "without user_agent; without referer; "},
         {"--server-log|/log/server", "server_log=/log/server; "},
         {"--log-level|error", "level=0; "},
         {"--log-level|debug", "level=4; "},
         {"--server-timing", "server_timing=true; "}});
  check_wrong("--log-format", {"xml", "JSON"},
              "must be text, combined, json, logfmt or caddy, not ", "");
  check_wrong("--log-redact", {"cookie", "query,client"},
              "must be query, client, user_agent or referer, not ", "");
  check_wrong("--log-level", {"loud", "warning"},
              "must be error, warn, notice, info or debug, not ", "");
}
