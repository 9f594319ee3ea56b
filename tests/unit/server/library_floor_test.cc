#include "server/library_floor.h"

#include <catch2/catch_test_macros.hpp>
#include <vector>

using namespace troika;

namespace {

using Libraries = std::vector<std::string>;

Config plain() { return {}; }
Config with_client_ca() {
  Config config;
  config.tls.client_auth = tls::ClientAuth::optional;
  return config;
}
Config with_qlog() {
  Config config;
  config.log.qlog = "logs";
  return config;
}
std::string warning(const std::string& library, const Config& config) {
  return library_warning(std::span(&library, 1), config);
}

}  // namespace

TEST_CASE("A fault of OpenSSL counts with --client-ca, from 3.5.0 until the first good version") {
  CHECK(warning("OpenSSL 3.5.8 1 Aug 2026", with_client_ca()) ==
        "libraries with known faults should be upgraded (OpenSSL 3.5.8: CVE-2026-35189 with "
        "--client-ca, fixed in 3.5.9 and in Debian's 3.5.7-1~deb13u3)");
  CHECK(warning("OpenSSL 3.5.0 8 Apr 2025", with_client_ca()).contains("OpenSSL 3.5.0: "));
  CHECK(warning("OpenSSL 3.5.9 29 Sep 2026", with_client_ca()).empty());
  CHECK(warning("OpenSSL 3.5.10 1 Dec 2026", with_client_ca()).empty());
  CHECK(warning("OpenSSL 3.6.0 1 Oct 2025", with_client_ca()).empty());
  CHECK(warning("OpenSSL 3.5.8 1 Aug 2026", plain()).empty());
  CHECK(warning("OpenSSL 3.5.8 1 Aug 2026", with_qlog()).empty());
}

TEST_CASE("A fault of nghttp2 always counts, but not in the version that Debian has mended") {
  for (const char* good : {"nghttp2 1.68.1", "nghttp2 1.70.0", "nghttp2 2.0.0", "nghttp2 1.64.0"}) {
    CHECK(warning(good, plain()).empty());
  }
  for (const char* bad : {"nghttp2 1.68.0", "nghttp2 1.64.1", "nghttp2 1.63.0"}) {
    CHECK(warning(bad, plain()) == "libraries with known faults should be upgraded (" +
                                       std::string(bad) + ": CVE-2026-27135, fixed in 1.68.1)");
  }
}

TEST_CASE("A fault of ngtcp2 counts with --qlog") {
  CHECK(warning("ngtcp2 1.22.0", with_qlog()).contains("CVE-2026-40170 with --qlog"));
  CHECK(warning("ngtcp2 1.22.1", with_qlog()).empty());
  CHECK(warning("ngtcp2 1.22.0", with_client_ca()).empty());
}

TEST_CASE("There is one warning of all that applies, and without options of all that could") {
  const Libraries old{"OpenSSL 3.5.6 7 Apr 2026", "llhttp 9.2.1",  "nghttp2 1.65.0",
                      "nghttp3 1.15.0",           "ngtcp2 1.22.0", "libuv 1.50.0"};
  CHECK(library_warning(old, with_qlog()) ==
        "libraries with known faults should be upgraded (nghttp2 1.65.0: CVE-2026-27135, fixed in "
        "1.68.1; ngtcp2 1.22.0: CVE-2026-40170 with --qlog, fixed in 1.22.1)");
  const std::string all = library_warning(old);
  for (const char* id : {"CVE-2026-35189 with --client-ca", "CVE-2026-27135", "CVE-2026-40170"}) {
    CHECK(all.contains(id));
  }
}

TEST_CASE("What has no version is no fault, and the libraries that are linked have one each") {
  for (const char* odd :
       {"", "OpenSSL", "OpenSSL x.y", "nghttp2 ", "nghttp2 1", "BoringSSL 1.2.3"}) {
    CAPTURE(odd);
    CHECK(warning(odd, with_client_ca()).empty());
  }
  for (const std::string& library : library_versions()) {
    CAPTURE(library);
    CHECK(library.find_first_of("0123456789") != std::string::npos);
    CHECK(version_text().contains(library));
  }
}
