#include "files/escape_site.h"

#include "base/text.h"

namespace troika::files {

namespace fs = std::filesystem;

EscapeSite::EscapeSite() {
  write_inside();
  write_canaries();
  write_links();
  write_lures();
}

void EscapeSite::write_inside() const {
  for (const char* const name :
       {"inside.txt", "index.html", "dir/inside.txt", "dir/sub/inside.txt", "errors/404.html"}) {
    ground_.write(name, kInside);
  }
  ground_.link("link-inside.txt", "inside.txt");
  // Sidecars are looked for beside these.
  for (const char* const name : {"side.js", "big.css"}) {
    ground_.write(name, std::string(2000, 'x'));
    ground_.set_day(name, 0);
  }
}

// Newer than what they are precompressed files of.
void EscapeSite::write_canaries() const {
  const auto write = [this](const char* name, const Canary& canary) {
    ground_.write(name, canary.text());
    ground_.set_day(name, 1);
  };
  for (const char* const name :
       {"../canary.txt", "../../canary.txt", "../root-twin/canary.txt", "../outside/canary.txt",
        "../outside/index.html", "../outside/sub/canary.txt", "../outside/page.html",
        "../.hidden"}) {
    write(name, canary_);
  }
  for (const char* const name : {".hidden", ".git/config", "dir/.env", "canary.txt~"}) {
    write(name, hidden_);
  }
}

// All have "out-" in their names.
void EscapeSite::write_links() const {
  const fs::path canary = fs::weakly_canonical(ground_.at("../canary.txt"));
  const fs::path outside = fs::weakly_canonical(ground_.at("../outside"));
  ground_.link("out-file.txt", "../canary.txt");
  ground_.link("out-above.txt", "../../canary.txt");
  ground_.link("out-absolute.txt", canary);
  ground_.link("out-twice.txt", "out-file.txt");
  ground_.link("out-thrice.txt", "dir/../out-twice.txt");
  ground_.link("out-folder", "../outside");
  ground_.link("out-folder-absolute", outside);
  ground_.link("out-parent", "..");
  ground_.link("out-slash", "/");
  ground_.link("out-through-folder.txt", "out-folder/canary.txt");
  ground_.link("out-twin.txt", "../root-twin/canary.txt");
  ground_.link("dir/out-deep.txt", "../../canary.txt");
  ground_.link("dir/sub/out-deep", "../../../outside");
  ground_.link("out-and-back.txt", "../root/../canary.txt");
  ground_.link("out-dangling", "../nothing");
  ground_.link("out-loop", "out-loop");
  ground_.link("out-loop-a", "out-loop-b");
  ground_.link("out-loop-b", "out-loop-a");
  ground_.link("out-magic.txt", fs::path("/proc/self/root") / canary.relative_path());
  ground_.link("out-cwd", "/proc/self/cwd");
  ground_.link("out-fds", "/proc/self/fd");
  ground_.link("out-clean.html", "../canary.txt");
  ground_.link("lure/index.html", "../../canary.txt");
  ground_.write("lure/inside.txt", kInside);
  for (const char* const ending : {"br", "zst", "gz"}) {
    ground_.link(formatted("side.js.{}", ending), "../canary.txt");
    ground_.link(formatted("big.css.{}", ending), canary);
  }
}

void EscapeSite::write_lures() const {
  const auto lure = [this](const char* name) {
    ground_.link(formatted("../lures/{}", name), ground_.at("../canary.txt"));
  };
  for (const char* const name : {"index.html", "errors/404.html", "dir/index.html", "about.html",
                                 "page.html.br", "page.html.zst", "page.html.gz"}) {
    lure(name);
  }
  ground_.write("../lures/page.html", std::string(2000, 'x'));
  ground_.write("../lures/inside.txt", kInside);
  ground_.set_day("../lures/page.html", 0);
}

}  // namespace troika::files
