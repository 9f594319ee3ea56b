#include "tls/context/key_log.h"

#include <set>

#include "unit/tls/tls_pair.h"

using namespace troika;
using namespace troika::test;
using tls::ServerContext;
using tls::TransportKind;

namespace {

struct RecordingLog final : tls::KeyLog {
  std::vector<std::string> lines;
  void line(std::string_view text) noexcept override { lines.emplace_back(text); }

  // Of lines as they must be: "LABEL client-random secret", the latter two in hex.
  std::set<std::string> labels() const {
    std::set<std::string> all;
    for (const std::string& line : lines) {
      CAPTURE(line);
      const std::size_t end = line.find(' ');
      REQUIRE(end != std::string::npos);
      CHECK(line.find(' ', end + 1) == end + 65);
      CHECK(line.find_first_not_of("0123456789abcdefABCDEF ", end) == std::string::npos);
      all.insert(line.substr(0, end));
    }
    return all;
  }
};

void shake_hands(tls::KeyLog* log, int newest = TLS1_3_VERSION) {
  tls::ServerOptions options = server_options();
  options.key_log = log;
  TlsPair pair(*ServerContext::make(TransportKind::tcp, options).value());
  REQUIRE(SSL_set_max_proto_version(pair.client_ssl.get(), newest) == 1);
  REQUIRE(pair.shake_hands());
}

}  // namespace

TEST_CASE("a key log is given the secrets of TLS 1.3 and of TLS 1.2") {
  RecordingLog newer, older;
  shake_hands(&newer);
  const auto labels = newer.labels();
  for (const std::string label :
       {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET"}) {
    CAPTURE(label);
    CHECK(labels.contains(label));
  }
  shake_hands(&older, TLS1_2_VERSION);
  CHECK(older.labels() == std::set<std::string>{"CLIENT_RANDOM"});
}

TEST_CASE("each context has a key log of its own") {
  RecordingLog one, other;
  shake_hands(&one);
  const std::size_t lines = one.lines.size();
  shake_hands(&other);
  CHECK(lines > 0);
  CHECK(one.lines.size() == lines);
  CHECK(other.lines.size() == lines);
}

TEST_CASE("the environment alone makes nobody write secrets") {
  const TemporaryFolder folder;
  const std::string file = folder.path / "keys";
  REQUIRE(setenv("SSLKEYLOGFILE", file.c_str(), 1) == 0);
  shake_hands(nullptr);
  unsetenv("SSLKEYLOGFILE");
  CHECK(!std::filesystem::exists(file));
}
