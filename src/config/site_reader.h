#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "config/schema.h"
#include "config/source_files.h"

namespace troika {

// Makes the sites and certificates of a configuration out of its files. What is wrong becomes an
// error, and the rest is read on.
class SiteReader {
 public:
  // All outlive this object.
  SiteReader(Findings& findings, const Environment& environment, const FileLimits& limits,
             std::vector<Expanded::Secret>& secrets, Origins& origins)
      : findings_(findings),
        environment_(environment),
        limits_(limits),
        secrets_(secrets),
        origins_(origins) {}

  // In the order of the configuration. Files that are read later may use the routes of earlier
  // ones, and the other way.
  void read(const std::vector<SourceFile>& files, Config& config);

 private:
  struct SharedRoutes {
    Written at;
    std::vector<RouteSpec> routes;
    bool used = false;
  };

  TableContext context_of(const SourceFile& file) const {
    return {findings_, environment_, file.folder, secrets_};
  }
  void read_shared(const SourceFile& file);
  void read_certificate(const TomlValue& table, const SourceFile& file, Config& config);
  void read_site(const TomlValue& table, const SourceFile& file, Config& config);
  std::vector<RouteSpec> routes_of(const TomlValue& site, const SourceFile& file);
  RouteSpec read_route(const TomlValue& table, const SourceFile& file);
  void check_unused();

  Findings& findings_;
  const Environment& environment_;
  const FileLimits& limits_;
  std::vector<Expanded::Secret>& secrets_;
  Origins& origins_;
  std::map<std::string, SharedRoutes, std::less<>> shared_;
  std::size_t routes_ = 0;  // of all sites so far
};

}  // namespace troika
