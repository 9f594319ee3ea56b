#include <sys/stat.h>

#include <future>

#include "certs/certificate.h"
#include "certs/private_files.h"
#include "unit/tls/tls_pair.h"

using namespace troika;
using namespace troika::test;
using std::chrono::days;
using std::chrono::system_clock;

namespace {

struct Certs {
  TemporaryFolder temporary;
  std::filesystem::path folder = temporary.path / "state" / "troika";
  system_clock::time_point now = std::chrono::sys_days{std::chrono::year{2030} / 1 / 1} + 12h;

  DevCertificate ensure(std::vector<std::string> names = {}) {
    return ensure_dev_certificate(folder, names, now).value();
  }
  bool usable() {
    return tls::ServerContext::make(
               tls::TransportKind::tcp,
               {(folder / "localhost.pem").string(), (folder / "localhost-key.pem").string()})
        .has_value();
  }
};

certs::X509Ptr read_certificate(const std::string& file) {
  return certs::certificate_from_pem(file_text(file));
}

unsigned mode_of(const std::filesystem::path& path) {
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777U;
}

void set_or_unset(const char* name, const char* value) {
  if (value == nullptr) {
    unsetenv(name);
  } else {
    setenv(name, value, 1);
  }
}

struct Environment {
  Environment(const char* own, const char* xdg, const char* home) {
    for (const auto& [name, value] :
         {std::pair("TROIKA_STATE_DIR", own), {"XDG_STATE_HOME", xdg}, {"HOME", home}}) {
      const char* const old = std::getenv(name);
      before.emplace_back(name, old == nullptr ? std::nullopt : std::optional<std::string>(old));
      set_or_unset(name, value);
    }
  }
  ~Environment() {
    for (const auto& [name, value] : before) {
      set_or_unset(name.c_str(), value ? value->c_str() : nullptr);
    }
  }
  std::vector<std::pair<std::string, std::optional<std::string>>> before;
};

}  // namespace

TEST_CASE_METHOD(Certs, "the local certificate is made once and found again") {
  const DevCertificate first = ensure();
  CHECK(first.created);
  CHECK(first.not_after == "2030-04-01");
  const std::string leaf = file_text(first.cert_file), ca = file_text(first.ca_file);
  const DevCertificate second = ensure();
  CHECK_FALSE(second.created);
  CHECK(second.not_after == first.not_after);
  CHECK(file_text(second.cert_file) == leaf);
  CHECK(file_text(second.ca_file) == ca);
  CHECK(usable());
}

TEST_CASE_METHOD(Certs, "the CA can sign leaves only, and the leaf serve only") {
  const DevCertificate made = ensure();
  const auto ca = read_certificate(made.ca_file), leaf = read_certificate(made.cert_file);
  CHECK(X509_check_ca(ca.get()) == 1);
  CHECK(X509_get_pathlen(ca.get()) == 0);
  CHECK(X509_get_key_usage(ca.get()) == (KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  CHECK(X509_get0_subject_key_id(ca.get()) != nullptr);
  CHECK(X509_check_ca(leaf.get()) == 0);
  CHECK(X509_get_key_usage(leaf.get()) == KU_DIGITAL_SIGNATURE);
  CHECK(X509_get_extended_key_usage(leaf.get()) == XKU_SSL_SERVER);
  CHECK(X509_verify(leaf.get(), X509_get0_pubkey(ca.get())) == 1);
  CHECK(certs::not_after(ca.get()) > now + days(3650));
  CHECK(certs::not_after(leaf.get()) == now + days(90));
  CHECK(certs::covers(leaf.get(), now - 1h, now));
  CHECK_FALSE(certs::covers(leaf.get(), now - 1h - 1s, now));
  std::array<char, 128> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(ca.get()), NID_commonName, name.data(), 128);
  CHECK(std::string_view(name.data()).starts_with("Troika local CA ("));
  CHECK(std::string_view(name.data()).contains('@'));
}

TEST_CASE_METHOD(Certs, "the leaf is for this machine and for the names that were asked for") {
  const auto names = certs::names_of(read_certificate(ensure().cert_file).get());
  CHECK(names.contains("DNS:localhost"));
  CHECK(names.contains("IP:127.0.0.1"));
  CHECK(names.contains("IP:::1"));

  const DevCertificate more = ensure({"Dev.Example", "192.0.2.7", "2001:db8:0::1", "localhost"});
  CHECK(more.created);
  const auto all = certs::names_of(read_certificate(more.cert_file).get());
  CHECK(all.size() == names.size() + 3);
  CHECK(all.contains("DNS:dev.example"));
  CHECK(all.contains("IP:192.0.2.7"));
  CHECK(all.contains("IP:2001:db8::1"));
  CHECK_FALSE(ensure({"192.0.2.7", "dev.example", "2001:db8::1"}).created);
  CHECK(ensure().created);
}

TEST_CASE_METHOD(Certs, "a name that cannot stand in a certificate is refused") {
  for (const char* name :
       {"", "a b", "localhost:8443", "[::1]", "x,IP:1.2.3.4", "b\xc3\xbc.example"}) {
    const std::vector<std::string> names{name};
    const auto made = ensure_dev_certificate(folder, names, now);
    REQUIRE_FALSE(made);
    CHECK(made.error().contains("\"" + names.front() + "\""));
  }
  const std::vector<std::string> longest{std::string(253, 'a')}, longer{std::string(254, 'a')};
  CHECK(ensure_dev_certificate(folder, longest, now));
  CHECK_FALSE(ensure_dev_certificate(folder, longer, now));
}

TEST_CASE_METHOD(Certs, "the leaf is renewed with 30 days left, with its key and CA") {
  const DevCertificate first = ensure();
  const std::string key = file_text(first.key_file), ca = file_text(first.ca_file);
  now += days(60) - 1s;
  CHECK_FALSE(ensure().created);
  now += 1s;
  const DevCertificate renewed = ensure();
  CHECK(renewed.created);
  CHECK(renewed.not_after == "2030-05-31");
  CHECK(file_text(renewed.key_file) == key);
  CHECK(file_text(renewed.ca_file) == ca);
  CHECK_FALSE(ensure().created);
}

TEST_CASE_METHOD(Certs, "the CA is renewed with a year left, and the leaf with it") {
  const std::string ca = file_text(ensure().ca_file);
  now += std::chrono::years(9) - 1s;
  CHECK(file_text(ensure().ca_file) == ca);  // the leaf alone was due
  now += 1s;
  const DevCertificate renewed = ensure();
  CHECK(renewed.created);
  CHECK(file_text(renewed.ca_file) != ca);
  const auto issuer = read_certificate(renewed.ca_file), leaf = read_certificate(renewed.cert_file);
  CHECK(X509_verify(leaf.get(), X509_get0_pubkey(issuer.get())) == 1);
  CHECK(usable());
}

TEST_CASE_METHOD(Certs, "any damaged, missing or foreign file is repaired") {
  Certs foreign;
  foreign.ensure();
  ensure();
  for (const char* name : {"ca.pem", "ca-key.pem", "localhost.pem", "localhost-key.pem"}) {
    const auto file = folder / name;
    const std::string whole = file_text(file);
    for (const std::string& bad : {std::string(), std::string("nonsense"), whole.substr(0, 100),
                                   file_text(foreign.folder / name), std::string(100'000, 'x')}) {
      write_file(file, bad);
      CHECK(ensure().created);
      CHECK_FALSE(ensure().created);
      CHECK(usable());
    }
    std::filesystem::remove(file);
    CHECK(ensure().created);
    CHECK(usable());
    const auto ca = read_certificate(folder / "ca.pem");
    const auto leaf = read_certificate(folder / "localhost.pem");
    CHECK(X509_verify(leaf.get(), X509_get0_pubkey(ca.get())) == 1);
  }
}

TEST_CASE_METHOD(Certs, "folder and files are the user's own, and stay so") {
  ensure();
  CHECK(mode_of(folder) == 0700);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    CHECK(mode_of(entry.path()) == 0600);
    CHECK_FALSE(entry.path().string().ends_with(".new"));
  }
  ::chmod((folder / "ca-key.pem").c_str(), 0644);
  CHECK_FALSE(ensure().created);
  CHECK(mode_of(folder / "ca-key.pem") == 0600);
}

TEST_CASE_METHOD(Certs, "servers that start at once wait for each other and share a certificate") {
  std::optional<certs::FolderLock> first = certs::FolderLock::take(folder, 0ms).value();
  std::vector<std::future<DevCertificate>> starts;
  for (int i = 0; i < 4; ++i) {
    starts.push_back(std::async(std::launch::async, [this] { return ensure(); }));
  }
  for (auto& start : starts) CHECK(start.wait_for(20ms) == std::future_status::timeout);
  CHECK_FALSE(std::filesystem::exists(folder / "ca-key.pem"));
  first.reset();
  int created = 0;
  for (auto& start : starts) created += start.get().created ? 1 : 0;
  CHECK(created == 1);
  CHECK(usable());
}

TEST_CASE_METHOD(Certs, "a lock that is held for too long is an error that names it") {
  std::optional<certs::FolderLock> held = certs::FolderLock::take(folder, 0ms).value();
  const auto made = ensure_dev_certificate(folder, {}, now, 20ms);
  REQUIRE_FALSE(made);
  CHECK(made.error().contains((folder / "lock").string()));
  CHECK(made.error().contains("TROIKA_STATE_DIR"));
  held.reset();
  CHECK(ensure_dev_certificate(folder, {}, now, 0ms));
}

TEST_CASE_METHOD(Certs, "a folder that cannot be made is named, with the way out") {
  write_file(temporary.path / "state", "a file where a folder should be");
  const auto made = ensure_dev_certificate(folder, {}, now);
  REQUIRE_FALSE(made);
  CHECK(made.error().contains(folder.string()));
  CHECK(made.error().contains("Not a directory"));
  CHECK(made.error().contains("TROIKA_STATE_DIR"));
}

TEST_CASE("the state folder follows TROIKA_STATE_DIR, XDG_STATE_HOME and HOME in this order") {
  const auto folder_for = [](const char* own, const char* xdg, const char* home) {
    const Environment environment(own, xdg, home);
    return default_state_folder();
  };
  CHECK(folder_for("/a", "/b", "/c").value() == "/a");
  CHECK(folder_for(nullptr, "/b", "/c").value() == "/b/troika");
  CHECK(folder_for("", "", "/c").value() == "/c/.local/state/troika");
  CHECK(folder_for(nullptr, "relative", "/c").value() == "/c/.local/state/troika");
  const auto none = folder_for(nullptr, nullptr, nullptr);
  REQUIRE_FALSE(none);
  CHECK(none.error().contains("TROIKA_STATE_DIR"));
}
