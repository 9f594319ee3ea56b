#include "server/status.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "server/library_floor.h"

namespace troika {
namespace {

using Json = nlohmann::ordered_json;

std::string date(WallTime time) {
  return formatted("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(time));
}

Json listeners(const BoundAddresses& addresses) {
  Json all = Json::array();
  for (const Address& address : addresses.listen) {
    all.push_back({{"address", address.text()}, {"kind", "secure"}});
  }
  for (const Config::PlainListener& plain : addresses.plain) {
    all.push_back(
        {{"address", plain.address.text()}, {"kind", plain.redirect ? "redirect" : "plain"}});
  }
  return all;
}

Json certificates(const tls::CertificateSet& set) {
  Json all = Json::array();
  for (const tls::Identity& identity : set.identities()) {
    all.push_back({{"file", identity.files.cert_file},
                   {"names", identity.names},
                   {"ends", date(identity.not_after)}});
  }
  return all;
}

Json last_reload(const Reloader& reloader) {
  if (reloader.last().text.empty()) return nullptr;
  return {{"at", date(reloader.last_at())},
          {"done", reloader.last().done},
          {"text", reloader.last().text}};
}

}  // namespace

std::string status_json(const ServerStatus& status) {
  const Json json = {
      {"version", build_text()},
      {"generation", status.reloader.generation()},
      {"uptime", std::chrono::floor<std::chrono::seconds>(status.uptime).count()},
      {"workers", status.workers},
      {"listeners", listeners(status.reloader.addresses())},
      {"connections", {{"tcp", status.tcp}, {"quic", status.quic}}},
      {"certificates", certificates(status.certificates)},
      {"last_reload", last_reload(status.reloader)},
  };
  // A name of a file may be any bytes.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace troika
