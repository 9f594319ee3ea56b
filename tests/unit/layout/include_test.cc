#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "test_paths.h"
#include "unit/layout/include_rules.h"

namespace troika::layout {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST_CASE("Every source file includes only what its folder may") {
  const fs::path root(TROIKA_SOURCE_DIR);
  std::size_t files = 0;
  for (const char* const top : {"src", "proto", "tls", "certs"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      ++files;
      const std::string path = fs::relative(entry.path(), root).generic_string();
      for (const std::string& violation : violations(path, read(entry.path()))) {
        FAIL_CHECK(violation);
      }
    }
  }
  CHECK(files > 50);
}

TEST_CASE("A planted violation is found, with its file and line") {
  const auto found = violations("src/http/exchange.cc",
                                "#include \"http/exchange.h\"\n"
                                "\n"
                                "#include <vector>\n"
                                "\n"
                                "#include \"base/clock.h\"\n"
                                "  #  include \"uv/loop.h\"  // just this once\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0] == "src/http/exchange.cc:6: src/http/ may not include \"uv/loop.h\"");
}

TEST_CASE("The protocols do not know each other, and QUIC does not know HTTP") {
  CHECK(violations("proto/h1/a.cc", "#include \"proto/h2/session.h\"").size() == 1);
  CHECK(violations("proto/h2/a.cc", "#include \"proto/h3/session.h\"").size() == 1);
  CHECK(violations("proto/h3/a.cc", "#include \"proto/quic/endpoint.h\"").size() == 1);
  CHECK(violations("proto/h3/a.cc", "#include \"proto/quic/application.h\"").empty());
  CHECK(violations("proto/h3/a.cc", "#include \"proto/session_host.h\"").empty());
  CHECK(violations("proto/quic/a.cc", "#include \"http/limits.h\"").size() == 1);
  CHECK(violations("proto/quic/a.cc", "#include \"proto/session_host.h\"").size() == 1);
  CHECK(violations("proto/quic/a.cc", "#include \"proto/quic/core.h\"").empty());
  CHECK(violations("proto/a.h", "#include \"proto/h1/session.h\"").size() == 1);
}

TEST_CASE("Handlers and clients stay on their side") {
  CHECK(violations("src/handlers/static/a.cc", "#include \"proto/session_host.h\"").size() == 1);
  CHECK(violations("src/handlers/static/a.cc", "#include \"tls/context.h\"").size() == 1);
  CHECK(violations("src/handlers/static/a.cc", "#include \"handlers/static/mime.h\"").empty());
  CHECK(violations("src/client/a.cc", "#include \"server/worker.h\"").size() == 1);
  CHECK(violations("src/client/a.cc", "#include \"handlers/static/mime.h\"").size() == 1);
  CHECK(violations("src/server/a.cc", "#include \"handlers/static/mime.h\"").empty());
}

TEST_CASE("A library is used where it belongs alone") {
  CHECK(violations("src/uv/loop.cc", "#include <uv.h>").empty());
  CHECK(violations("src/server/worker.cc", "#include <uv.h>").size() == 1);
  CHECK(violations("src/server/worker.cc", "#include <openssl/ssl.h>").size() == 1);
  CHECK(violations("certs/dev_ca.cc", "#include <openssl/x509.h>").empty());
  CHECK(violations("proto/quic/core.cc", "#include <ngtcp2/ngtcp2.h>").empty());
  CHECK(violations("proto/h3/engine.cc", "#include <ngtcp2/ngtcp2.h>").size() == 1);
  CHECK(violations("proto/h1/parser.cc", "#include <llhttp.h>").empty());
  CHECK(violations("proto/h1/writer.cc", "#include <llhttp.h>").size() == 1);
  CHECK(violations("src/server/cli.cc", "#include <CLI/CLI.hpp>").empty());
  CHECK(violations("src/server/config.cc", "#include <CLI/CLI.hpp>").size() == 1);
}

TEST_CASE("A header without its folder, or a folder without a rule, is a violation too") {
  CHECK(violations("src/base/a.cc", "#include \"clock.h\"").size() == 1);
  CHECK(violations("src/base/a.cc", "#include \"../net/address.h\"").size() == 1);
  CHECK(violations("src/extra/a.cc", "").size() == 1);
  CHECK(violations("src/base/a.cc", "// #include \"net/address.h\"\n").empty());
}

}  // namespace
}  // namespace troika::layout
