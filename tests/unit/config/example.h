#pragma once
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_file.h"
#include "unit/os/temp_folder.h"

namespace troika::test {

// A configuration with something of everything, which is right.
inline constexpr std::string_view kExample = R"(listen = ["0.0.0.0:443", "[::]:443"]
http_redirect = ["0.0.0.0:80", "[::]:80"]
http = "127.0.0.1:8080"
public_port = 443
h3 = true
certs = ["/etc/letsencrypt/live"]
client_ca = "clients.pem"
client_auth = "optional"
early_data = false
secrets = "/var/lib/troika/secrets"
workers = 4
user = "${ACCOUNT:-nobody}"
memory = "512MiB"

[[certificate]]
cert = "internal.pem"
key = "internal.key"

[log]
access = "/var/log/troika/access.log"
keys = "keys.log"
qlog = "qlog"
qlog_only = "1/100"

[limits]
connections = 10000
header_bytes = "64KiB"
min_rate = 240

[timeouts]
idle = "60s"

[quic]
congestion = "cubic"
preferred_address = ["192.0.2.7:443"]

[[site]]
hosts = ["example.org", "www.example.org"]
canonical = "example.org"
headers = { "X-Frame-Options" = "DENY" }
error_pages = { 404 = "/404.html" }

  [[site.route]]
  prefix = "/docs"
  methods = ["GET", "POST"]
  strip_prefix = true
  root = "/srv/docs"
  listing = true
  type = { md = "text/plain" }
  cors = ["https://app.example.org"]

  [[site.route]]
  path = "/old"
  redirect = { to = "/new", status = 308 }

  [[site.route]]
  glob = "/.well-known/security.txt"
  respond = { status = 200, type = "text/plain", body = "Contact\n" }

  [[site.route]]
  root = "/srv/www"
  cache = [["assets/*", "immutable"], ["*.css", "7d"]]
  file_headers = [["*.wasm", "Cross-Origin-Resource-Policy: same-origin"]]

[[site]]
hosts = ["*.saas.example"]
routes = "tenant"

[[site]]
hosts = ["www.saas.example"]
  [[site.route]]
  redirect = { to = "https://saas.example{path}{query}" }

[[routes.tenant]]
prefix = "/static"
root = "/srv/saas"
headers = { "X-A" = ["1", "2"] }
[[routes.tenant]]
respond = { status = 404 }
)";

// Of a file in a folder of its own.
inline std::expected<ReadConfig, Findings> read_text(const TempFolder& folder,
                                                     std::string_view text,
                                                     std::vector<GivenOption> options = {}) {
  folder.write("t.toml", text);
  const Environment environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "SET") return "value";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  return read_config({.file = folder / "t.toml", .options = std::move(options)}, environment);
}

}  // namespace troika::test
