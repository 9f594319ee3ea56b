#include "server/library_floor.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/text.h"
#include "loop/loop.h"
#include "proto/h1/parser.h"
#include "proto/h2/engine.h"
#include "proto/h3/engine.h"
#include "proto/quic/convert.h"
#include "tls/ossl.h"

namespace troika {
namespace {

using Version = std::array<unsigned, 3>;

// A fault of a library from one version until the first good one. Only faults that clients can
// reach here and that the run-time version reveals: a version number under which a distribution's
// current package has the fix is not reported.
struct Fault {
  std::string_view library;
  Version since, good;
  Version mended;  // fixed by Debian 13 under this number; all zeros: no such current package
  std::string_view id;
  std::string_view option;  // that lays it open; empty: none is needed
  bool (*open)(const Config& config);
  std::string_view remark;  // behind the first good version
};

constexpr std::array kFaults{
    // A client's certificate uses much memory. Other series than 3.5: not known.
    Fault{"OpenSSL",
          {3, 5, 0},
          {3, 5, 9},
          {},
          "CVE-2026-35189",
          "--client-ca",
          [](const Config& o) { return o.tls.client_auth != tls::ClientAuth::none; },
          " and in Debian's 3.5.7-1~deb13u3"},
    // A malformed frame after an error ends the process.
    Fault{"nghttp2",
          {0, 0, 0},
          {1, 68, 1},
          {1, 64, 0},
          "CVE-2026-27135",
          "",
          [](const Config&) { return true; },
          ""},
    // A client's transport parameters overflow the stack when they are logged.
    Fault{"ngtcp2",
          {0, 0, 0},
          {1, 22, 1},
          {},
          "CVE-2026-40170",
          "--qlog",
          [](const Config& o) { return !o.log.qlog.empty(); },
          ""},
};

// The version in "name 1.2.3 and more"; all zeros: another form.
Version version_of(std::string_view text) {
  Version version{};
  text.remove_prefix(std::min(text.size(), text.find(' ') + 1));
  const char* at = text.data();
  const char* const end = at + text.size();
  for (unsigned& part : version) {
    const auto [rest, error] = std::from_chars(at, end, part);
    if (error != std::errc{}) return {};
    at = rest;
    if (at != end && *at == '.') ++at;
  }
  return version;
}

std::string text_of(const Version& v) { return formatted("{}.{}.{}", v[0], v[1], v[2]); }

// Of a fault that is there and open, empty of any other. `config` null: whatever they are.
std::string finding(const Fault& fault, std::string_view library, const Config* config) {
  if (library.substr(0, library.find(' ')) != fault.library) return {};
  const Version version = version_of(library);
  const bool there = version != Version{} && version >= fault.since && version < fault.good &&
                     version != fault.mended;
  if (!there || (config != nullptr && !fault.open(*config))) return {};
  return formatted("{} {}: {}{}{}, fixed in {}{}", fault.library, text_of(version), fault.id,
                   fault.option.empty() ? "" : " with ", fault.option, text_of(fault.good),
                   fault.remark);
}

std::string warning(std::span<const std::string> libraries, const Config* config) {
  std::string found;
  for (const std::string& library : libraries) {
    for (const Fault& fault : kFaults) {
      const std::string one = finding(fault, library, config);
      if (!one.empty()) found += (found.empty() ? "" : "; ") + one;
    }
  }
  return found.empty() ? found : "libraries with known faults should be upgraded (" + found + ")";
}

}  // namespace

std::array<std::string, 6> library_versions() {
  return {tls::library_version(), h1::library_version(),   h2::library_version(),
          h3::library_version(),  quic::library_version(), uv::library_version()};
}

std::string library_warning(std::span<const std::string> libraries, const Config& config) {
  return warning(libraries, &config);
}

std::string library_warning(std::span<const std::string> libraries) {
  return warning(libraries, nullptr);
}

std::string build_text() { return TROIKA_VERSION; }

std::string version_text() {
  const auto libraries = library_versions();
  std::string text = "troika " + build_text() + "\n";
  for (const std::string& library : libraries) {
    text += library + (&library == &libraries.back() ? "\n" : ", ");
  }
  const std::string warning = library_warning(libraries);
  return warning.empty() ? text : text + "warning: " + warning + "\n";
}

}  // namespace troika
