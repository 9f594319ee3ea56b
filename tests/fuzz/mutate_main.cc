// Runs a fuzz target over mutations of its corpus: 100,000 of them, a million with TROIKA_LONG=1.
// Each follows from its number alone: `mutate_NAME CORPUS_FOLDER COUNT NUMBER` begins there.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace {

constexpr std::size_t kMostBytes = 3000;  // longer ones cost more than they find

std::uint64_t current = 0;

void tell() {
  char text[64];
  const int size =
      std::snprintf(text, sizeof text, "mutation %llu\n", static_cast<unsigned long long>(current));
  if (::write(STDERR_FILENO, text, static_cast<std::size_t>(size)) < 0) std::_Exit(1);
}

std::vector<std::string> corpus_in(const char* folder) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    text.resize(std::min(text.size(), kMostBytes));
    found.push_back(std::move(text));
  }
  std::ranges::sort(found);  // the same on every file system
  return found;
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, std::uint64_t number)
      : corpus_(corpus), random_(number) {}

  std::string make() {
    std::string text = any();
    for (std::size_t left = 1 + random_.below(4); left > 0; --left) change(text);
    text.resize(std::min(text.size(), kMostBytes));
    return text;
  }

 private:
  const std::string& any() { return corpus_[random_.below(corpus_.size())]; }
  std::size_t place(std::string_view text) { return random_.below(text.size() + 1); }
  char special() {
    using std::string_view_literals::operator""sv;
    constexpr std::string_view kBytes = "\0\1\r\n\t :;,/\"0\x7f\x80\xff\x40"sv;
    return kBytes[random_.below(kBytes.size())];
  }
  std::string part(const std::string& text) {
    const std::size_t at = place(text);
    return text.substr(at, 1 + random_.below(40));
  }

  void change(std::string& text) {
    const std::size_t at = place(text);
    const std::uint64_t kind = random_.below(8);
    if (at < text.size() && kind == 0) {
      text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ 1U << random_.below(8));
    } else if (at < text.size() && kind == 1) {
      text[at] = special();
    } else if (at < text.size() && kind == 2) {
      text[at] = static_cast<char>(text[at] + (random_.below(2) == 0 ? 1 : -1));
    } else if (kind == 3) {
      text.erase(at, 1 + random_.below(30));
    } else if (kind == 4) {
      text.insert(at, part(text));
    } else if (kind == 5) {
      text.insert(at, part(any()));
    } else if (kind == 6) {
      text.insert(at, 1 + random_.below(3), special());
    } else {
      const std::string& other = any();
      text = text.substr(0, at) + other.substr(std::min(other.size(), place(other)));
    }
  }

  const std::vector<std::string>& corpus_;
  troika::SeededRandom random_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER [COUNT [FIRST]]\n", argv[0]);
    return 2;
  }
  const char* const asked = std::getenv("TROIKA_LONG");
  const bool longer = asked != nullptr && std::string_view(asked) == "1";
  const std::uint64_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10)
                              : longer ? 1'000'000
                                       : 100'000;
  const std::uint64_t first = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0;
  const std::vector<std::string> corpus = corpus_in(argv[1]);
  if (corpus.empty()) return 1;
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(tell);
  std::ignore = std::signal(SIGABRT, [](int) { tell(); });
  for (current = first; current < first + count; ++current) {
    const std::string text = Mutator(corpus, current).make();
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
  std::printf("%llu mutations run\n", static_cast<unsigned long long>(count));
  return 0;
}
