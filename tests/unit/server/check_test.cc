#include "server/check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>

#include "support/cert_maker.h"
#include "support/json.h"
#include "unit/os/temp_folder.h"

using namespace troika;

namespace {

using Form = CheckCommand::Form;
using Warnings = CheckCommand::Warnings;

class Ground {
 public:
  Ground() {
    const test::PemPair pair = ca_.make({.names = "DNS:example.org"});
    folder.write("a.pem", pair.cert);
    folder.write("a-key.pem", pair.key);
    folder.write("b-key.pem", ca_.make({}).key);
    folder.write("old.pem", old_.cert);
    folder.write("old-key.pem", old_.key);
    folder.write("ca.pem", ca_.pem());
    std::filesystem::create_directory(folder / "www");
  }

  CheckReport report(std::string_view text, Form form = Form::text,
                     Warnings warnings = Warnings::pass) {
    folder.write("t.toml", text);
    return check({.file = folder / "t.toml", .form = form, .warnings = warnings},
                 std::chrono::system_clock::now());
  }

  TempFolder folder;

 private:
  test::TestCa ca_;
  test::PemPair old_ = ca_.make({.names = "DNS:example.org", .from = -7200, .until = -3600});
};

const std::string kSite = "[[site]]\n[[site.route]]\nroot = \"www\"\n";
const std::string kPair = "[[certificate]]\ncert = \"a.pem\"\nkey = \"a-key.pem\"\n";

}  // namespace

TEST_CASE("A configuration whose files are right passes") {
  Ground ground;
  const CheckReport report = ground.report("client_ca = \"ca.pem\"\n" + kPair + kSite);
  CHECK(report.code == 0);
  CHECK(report.text == ground.folder / "t.toml" + " can be served\n");
}

TEST_CASE("Errors of the text come before those of files, with their lines") {
  Ground ground;
  const CheckReport report =
      ground.report("worker = 1\n[[site]]\n[[site.route]]\nroot = \"gone\"\n");
  CHECK(report.code == 1);
  CHECK(report.text == ground.folder / "t.toml" +
                           ":1:1: unknown key \"worker\": did you mean \"workers\"?\n"
                           "  1 | worker = 1\n    | ^\n");
}

TEST_CASE("Roots have to be folders") {
  Ground ground;
  const auto said = [&](const std::string& root) {
    const CheckReport report = ground.report("[[site]]\n[[site.route]]\nroot = \"" + root + "\"\n");
    CHECK(report.code == 1);
    return report.text;
  };
  const std::string place = ground.folder / "t.toml" + ":2:1: the root ";
  CHECK(said("gone").starts_with(place + ground.folder / "gone" + ": No such file or directory\n"));
  CHECK(said("a.pem").starts_with(place + ground.folder / "a.pem" + " is no folder\n"));
}

TEST_CASE("Certificates and keys have to be there and to fit") {
  Ground ground;
  const auto said = [&](const std::string& cert, const std::string& key) {
    const CheckReport report =
        ground.report("[[certificate]]\ncert = \"" + cert + "\"\nkey = \"" + key + "\"\n");
    CHECK(report.code == 1);
    return report.text;
  };
  CHECK(said("gone.pem", "a-key.pem") ==
        "the certificate " + ground.folder / "gone.pem" + ": No such file or directory\n");
  CHECK(said("a.pem", "gone.pem") ==
        "the key " + ground.folder / "gone.pem" + ": No such file or directory\n");
  CHECK(said("a.pem", "b-key.pem").contains("b-key.pem"));
  CHECK(said("ca.pem", "ca.pem").contains("ca.pem"));
  CHECK(ground.report("client_ca = \"a-key.pem\"\n" + kPair).code == 1);
  CHECK(ground.report("certs = \"gone\"\n").code == 1);
}

TEST_CASE("Warnings pass, unless they are to fail") {
  Ground ground;
  const std::string pages =
      "[[site]]\n[[site.route]]\nroot = \"www\"\nspa = true\nerror_pages = { 404 = \"/404.html\" "
      "}\n";
  const CheckReport report = ground.report(pages);
  CHECK(report.code == 0);
  CHECK(report.text.contains(":2:1: warning: spa: there is no index.html in " +
                             ground.folder / "www"));
  CHECK(report.text.contains(":2:1: warning: error_pages: there is no 404.html in "));
  CHECK(report.text.ends_with(" can be served\n"));
  CHECK(ground.report(pages, Form::text, Warnings::fail).code == 2);
  CHECK(ground.report(kSite, Form::text, Warnings::fail).code == 0);
  const std::string old = "[[certificate]]\ncert = \"old.pem\"\nkey = \"old-key.pem\"\n";
  CHECK(ground.report(old, Form::text, Warnings::fail).code == 2);
}

TEST_CASE("A private file in a folder that is served is an error") {
  Ground ground;
  const CheckReport report = ground.report("secrets = \"www/secrets\"\n" + kSite);
  CHECK(report.code == 1);
  CHECK(report.text.starts_with("secrets " + ground.folder / "www/secrets" +
                                " is inside the served folder "));
  const CheckReport keys = ground.report(kPair + "[[site]]\n[[site.route]]\nroot = \".\"\n");
  CHECK(keys.code == 1);
  CHECK(keys.text.starts_with("private keys are inside the served folder: move "));
}

TEST_CASE("As JSON, every finding has its kind, its place and its sentence") {
  Ground ground;
  const auto json = [&](std::string_view text) {
    return test::read_json(ground.report(text, Form::json).text);
  };
  CHECK(json(kSite).at("code") == 0);
  CHECK(json(kSite).at("findings").empty());
  const auto wrong = json("x = \"\\\"\"\n[[routes.r]]\nroot = \"w\"\n");
  CHECK(wrong.at("code") == 1);
  REQUIRE(wrong.at("findings").size() == 2);
  const auto& first = wrong.at("findings")[0];
  CHECK(first.at("kind") == "error");
  CHECK(first.at("file") == ground.folder / "t.toml");
  CHECK(first.at("line") == 1);
  CHECK(first.at("column") == 1);
  CHECK(first.at("text").get<std::string>().starts_with("unknown key \"x\""));
  CHECK(wrong.at("findings")[1].at("kind") == "warning");
  CHECK(json("certs = \"gone\"").at("findings")[0].size() == 2);
}

TEST_CASE("What this user may not read is not checked, and no error") {
  if (geteuid() == 0) SKIP("root may read everything");
  Ground ground;
  chmod((ground.folder / "a-key.pem").c_str(), 0);
  const CheckReport report = ground.report(kPair + kSite);
  CHECK(report.code == 0);
  CHECK(report.text.starts_with("not checked: the key "));
}
