#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "handlers/site_options.h"

namespace troika {

// What the configuration says of sites and their routes; the same for all workers, and never
// changed. The router and its handlers are made of it.

// Where something is written: in which of the configuration's files, and where in it, both from 1.
// Line 0: on the command line.
struct Written {
  std::uint32_t file = 0;  // by its number
  std::uint32_t line = 0, column = 0;
  auto operator<=>(const Written&) const = default;
};

// What a route does with its requests; one of them.
struct PageSpec {  // the built-in page
  bool operator==(const PageSpec&) const = default;
};
struct FilesSpec {
  std::string root;  // a folder
  SiteOptions options{};
  bool operator==(const FilesSpec&) const = default;
};
struct RedirectSpec {
  // A URL, or a path that begins with "/". Knows {host}, {host.N} (label N from the left, from 1),
  // {path}, {rest} (what the prefix left), {query} (with its "?").
  std::string to;
  std::uint16_t status = 308;
  bool operator==(const RedirectSpec&) const = default;
};
struct RespondSpec {
  std::uint16_t status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body{};
  bool operator==(const RespondSpec&) const = default;
};
using ActionSpec = std::variant<PageSpec, FilesSpec, RedirectSpec, RespondSpec>;

struct RouteSpec {
  enum class Match : std::uint8_t {
    all,
    path,    // exactly `pattern`
    prefix,  // `pattern`, and what is below it by segments: "/api" takes "/api" and "/api/x"
    glob     // as Glob takes it
  };

  Match match = Match::all;
  std::string pattern{};               // begins with "/"; empty for `all`
  std::vector<std::string> methods{};  // empty: all of them; GET includes HEAD
  bool strip_prefix = false;           // with `prefix`: the action sees the path without it
  std::vector<SiteOptions::HeaderRule> headers{};  // without globs; of every response
  ActionSpec action{};
  Written written{};
};

struct SiteSpec {
  // In lower case, without ports. "*.example.org" stands for one label. Empty: every host that no
  // other site has.
  std::vector<std::string> hosts{};
  std::vector<Written> hosts_written{};  // of each of `hosts`; empty: as `written`
  // One of `hosts`, without a star, to which the others redirect; empty: none.
  std::string canonical{};
  Written canonical_written{};
  std::vector<SiteOptions::HeaderRule> headers{};  // of every response; without globs
  // Status, and a path beneath the root of the route, for our own errors.
  std::vector<std::pair<std::uint16_t, std::string>> error_pages{};
  std::vector<RouteSpec> routes{};  // the first that matches takes the request
  Written written{};
};

}  // namespace troika
