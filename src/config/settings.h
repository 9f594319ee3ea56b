#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "config/config.h"
#include "config/options.h"
#include "config/readers.h"
#include "config/values.h"

namespace troika {

using Texts = std::vector<std::string>;

// One key of a configuration file. Adding one is a row in the table of
// settings.cc or site_settings.cc, and the place in the tree where its value goes;
// docs/configuration.md and `troika config` follow from the row.
struct Setting {
  // How the value is written, and the texts that it is for the reader.
  enum class Kind : std::uint8_t {
    text,       // "x": one text
    texts,      // ["x", "y"], or "x" for one of them
    path,       // a text, relative to the folder of the file
    paths,      // as texts
    log,        // a path, "-" or "off"
    flag,       // true or false: "true" or "false"
    count,      // 7: one text of digits
    count_off,  // 7 or "off"
    size,       // "32KiB"
    time,       // "10s"
    pairs,      // [["x", "y"]]: a text "x=y" each
    values,     // { x = "y" }: a text "x=y" each
    fields      // { X-A = "y" }, or ["y", "z"] for several: a text "X-A: y" each
  };

  std::string_view key;  // "log.access", "site.route.root"
  Kind kind;
  std::string_view example;  // a value, as in a file
  std::string_view help;     // what it is for, in whole sentences
  // Puts the texts into the tree, whose only site and route it is for. Null: as the option does, or
  // without one the reader of files (include, routes).
  Checked<void> (*read)(Config& config, Values values) = nullptr;
  // The other way: the texts that make the same value. None: it is not set, as by default.
  Texts (*write)(const Config& config) = nullptr;
  std::string_view option{};  // the option of the command line that means the same; or empty
  std::uint64_t least = 0,
                most = 0;  // of count, size (bytes) and time (milliseconds), if not both 0
};

// The keys of the process, in the order of the documentation: those outside of tables, [log],
// [limits], [timeouts], [quic], and "certificate.cert" and "certificate.key" of [[certificate]].
// Where one looks at another, that one comes first.
//
// Bounds are of two kinds. Those of counts, sizes and times stand in the row, whose reader checks
// them; all others are the parser's business (values.h).
std::span<const Setting> process_settings() noexcept;

// The tables among them: [log] and so on.
inline constexpr std::string_view kProcessTables[] = {"log", "metrics", "limits", "timeouts",
                                                      "quic"};

// What is known to be wanted, but is not there yet: a key (with all that is below it), and what to
// say.
struct LaterSetting {
  std::string_view key, sentence;
};
std::span<const LaterSetting> later_settings() noexcept;

// The part behind the last dot, and the part before it.
constexpr std::string_view name_in_table(std::string_view key) noexcept {
  return key.substr(key.rfind('.') + 1);  // npos + 1 is the beginning
}
constexpr std::string_view table_of(std::string_view key) noexcept {
  const std::size_t dot = key.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
}

// Rows of the tables of settings, by the kind of value. Their places are as at<>() takes them.

template <auto... Place>
Texts write_text(const Config& config) {
  const std::string& text = at<Place...>(config);
  return text.empty() ? Texts{} : Texts{text};
}
template <auto... Place>
Texts write_texts(const Config& config) {
  return at<Place...>(config);
}
template <auto... Place>
Texts write_flag(const Config& config) {
  return {at<Place...>(config) ? "true" : "false"};
}

template <auto... Place>
constexpr Setting flag_setting(std::string_view key, std::string_view help,
                               std::string_view option = {}) {
  constexpr auto read = [](Config& config, Values values) -> Checked<void> {
    at<Place...>(config) = values.front() == "true";
    return {};
  };
  return {.key = key,
          .kind = Setting::Kind::flag,
          .example = "true",
          .help = help,
          .read = read,
          .write = write_flag<Place...>,
          .option = option};
}

template <auto... Place>
constexpr Setting path_setting(std::string_view key, std::string_view example,
                               std::string_view help, std::string_view option = {}) {
  constexpr auto read = [](Config& config, Values values) -> Checked<void> {
    at<Place...>(config) = values.front();
    return {};
  };
  return {.key = key,
          .kind = Setting::Kind::path,
          .example = example,
          .help = help,
          .read = read,
          .write = write_text<Place...>,
          .option = option};
}

template <std::uint64_t least, std::uint64_t most, auto... Place>
constexpr Setting count_setting(std::string_view key, std::string_view example,
                                std::string_view help) {
  constexpr auto read = [](Config& config, Values values) -> Checked<void> {
    const auto count = parse_count(values.front(), least, most);
    if (!count) return std::unexpected(count.error());
    auto& place = at<Place...>(config);
    place = static_cast<std::remove_reference_t<decltype(place)>>(*count);
    return {};
  };
  constexpr auto write = [](const Config& config) {
    return Texts{std::to_string(at<Place...>(config))};
  };
  return {.key = key,
          .kind = Setting::Kind::count,
          .example = example,
          .help = help,
          .read = read,
          .write = write,
          .least = least,
          .most = most};
}

template <std::uint64_t least, std::uint64_t most, auto... Place>
constexpr Setting size_setting(std::string_view key, std::string_view example,
                               std::string_view help) {
  constexpr auto read = [](Config& config, Values values) -> Checked<void> {
    const auto bytes = parse_size(values.front(), least, most);
    if (!bytes) return std::unexpected(bytes.error());
    at<Place...>(config) = *bytes;
    return {};
  };
  constexpr auto write = [](const Config& config) {
    return Texts{size_text(at<Place...>(config))};
  };
  return {.key = key,
          .kind = Setting::Kind::size,
          .example = example,
          .help = help,
          .read = read,
          .write = write,
          .least = least,
          .most = most};
}

// `least` and `most` in milliseconds.
template <std::uint64_t least, std::uint64_t most, auto... Place>
constexpr Setting time_setting(std::string_view key, std::string_view example,
                               std::string_view help, std::string_view option = {}) {
  constexpr auto read = [](Config& config, Values values) -> Checked<void> {
    const auto time = parse_time(values.front(), std::chrono::milliseconds(least),
                                 std::chrono::milliseconds(most));
    if (!time) return std::unexpected(time.error());
    at<Place...>(config) = *time;
    return {};
  };
  constexpr auto write = [](const Config& config) {
    return Texts{time_text(at<Place...>(config))};
  };
  return {.key = key,
          .kind = Setting::Kind::time,
          .example = example,
          .help = help,
          .read = read,
          .write = write,
          .option = option,
          .least = least,
          .most = most};
}

}  // namespace troika
