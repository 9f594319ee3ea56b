// Which files of a folder are pairs.
#include "tls/certificates/certificate_files.h"

#include "unit/tls/tls_pair.h"

using namespace troika;
using namespace troika::test;

namespace {

struct Folder : TemporaryFolder {
  void put(std::initializer_list<std::string> names) {
    for (const std::string& name : names) {
      std::filesystem::create_directories((path / name).parent_path());
      write_file(path / name, "x");
    }
  }
  // The certificates that were found, without what all have in front.
  std::vector<std::string> found(std::size_t most = tls::kMostCertificates) const {
    const auto pairs = tls::find_certificates(path, most);
    if (!pairs) return {pairs.error()};
    std::vector<std::string> names;
    const std::size_t cut = path.string().size() + 1;
    for (const auto& pair : *pairs) {
      names.push_back(pair.cert_file.substr(cut) + " " + pair.key_file.substr(cut));
    }
    return names;
  }
  std::string error(std::size_t most = tls::kMostCertificates) const {
    const auto pairs = tls::find_certificates(path, most);
    return pairs ? "" : pairs.error();
  }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("pairs lie side by side or in folders of their own, and come by name") {
  Folder folder;
  folder.put({"b.crt", "b.key", "a.pem", "a-key.pem", "tls.crt", "tls.key", "README"});
  folder.put({"example.org/fullchain.pem", "example.org/privkey.pem", "example.org/cert.pem"});
  folder.put({"empty/README", ".hidden.pem"});
  CHECK(folder.found() == Names{"a.pem a-key.pem", "b.crt b.key", "tls.crt tls.key",
                                "example.org/fullchain.pem example.org/privkey.pem"});
}

TEST_CASE("a folder of one pair, as certbot makes it, may be given itself") {
  Folder folder;
  folder.put({"cert.pem", "chain.pem", "fullchain.pem", "privkey.pem"});
  CHECK(folder.found() == Names{"fullchain.pem privkey.pem"});
}

TEST_CASE("links are followed") {
  Folder folder, archive;
  archive.put({"fullchain1.pem", "privkey1.pem"});
  const auto live = folder.path / "live";
  std::filesystem::create_directory(live);
  std::filesystem::create_symlink(archive.path / "fullchain1.pem", live / "fullchain.pem");
  std::filesystem::create_symlink(archive.path / "privkey1.pem", live / "privkey.pem");
  CHECK(folder.found() == Names{"live/fullchain.pem live/privkey.pem"});
}

TEST_CASE("half a pair is told, and what is missing") {
  Folder folder;
  folder.put({"a.pem"});
  CHECK(folder.error() == "The certificate " + (folder.path / "a.pem").string() +
                              " has no key beside it: a.key or a-key.pem.");
  std::filesystem::rename(folder.path / "a.pem", folder.path / "a.key");
  CHECK(folder.error() == "The key " + (folder.path / "a.key").string() +
                              " has no certificate beside it: a.pem or a.crt.");
  folder.put({"a.pem", "b/privkey.pem"});
  CHECK(folder.error() == "The folder " + (folder.path / "b").string() +
                              " holds privkey.pem without fullchain.pem: a pair needs both.");
}

TEST_CASE("a folder without pairs, and one that is not there, are errors") {
  const Folder folder;
  CHECK(folder.error().contains(folder.path.string() + " contains no pair"));
  const auto none = tls::find_certificates(folder.path / "none");
  REQUIRE_FALSE(none);
  CHECK(none.error() == "The folder of certificates " + (folder.path / "none").string() +
                            " cannot be read: No such file or directory.");
}

TEST_CASE("the number of pairs in a folder is limited: n are taken, n + 1 refused") {
  Folder folder;
  folder.put({"1.pem", "1.key", "2.pem", "2.key", "3.pem", "3.key"});
  CHECK(folder.found(3).size() == 3);
  folder.put({"4.pem", "4.key"});
  CHECK(folder.error(3).contains("at most 3 pairs"));
  for (int i = 1; i <= 4; ++i) {
    const std::string number = std::to_string(i);
    std::filesystem::remove(folder.path / (number + ".key"));
    std::filesystem::remove(folder.path / (number + ".pem"));
    folder.put({number + "/fullchain.pem", number + "/privkey.pem"});
  }
  CHECK(folder.found(4).size() == 4);
  CHECK(folder.error(3).contains("at most 3 pairs"));
}
