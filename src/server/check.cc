#include "server/check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "base/text.h"
#include "os/fd.h"
#include "server/certificate_store.h"
#include "server/secrets.h"
#include "tls/context/server_context.h"

namespace troika {
namespace {

using Kind = Finding::Kind;

// 0, or why this user cannot read it.
int reading_error(const std::string& path) { return access(path.c_str(), R_OK) == 0 ? 0 : errno; }

class FileCheck {
 public:
  FileCheck(const Config& config, Findings& findings) : config_(config), findings_(findings) {}

  void run(WallTime now) {
    for (const SiteSpec& site : config_.sites) {
      for (const RouteSpec& route : site.routes) check_route(site, route);
    }
    check_certificates(now);
    check_client_ca();
    for (const auto& [name, path] :
         {std::pair("secrets", config_.tls.secrets_file), {"log.keys", config_.log.keys}}) {
      if (path.empty()) continue;
      if (const auto out = keep_out_of_sites(name, path, config_); !out) {
        findings_.error({}, out.error());
      }
    }
  }

 private:
  // Of a missing file, an error; of one that another user may read, a remark.
  bool is_readable(const std::string& path, Written at, std::string_view what) {
    const int error = reading_error(path);
    if (error == 0) return true;
    if (error == EACCES) {
      findings_.add(Kind::not_checked, at,
                    formatted("{} {}: this user may not read it", what, path));
    } else {
      findings_.error(at, formatted("{} {}: {}", what, path, std::strerror(error)));
    }
    return false;
  }

  void check_route(const SiteSpec& site, const RouteSpec& route) {
    const auto* const files = std::get_if<FilesSpec>(&route.action);
    if (files == nullptr || !is_readable(files->root, route.written, "the root")) return;
    struct stat info{};
    if (stat(files->root.c_str(), &info) == 0 && !S_ISDIR(info.st_mode)) {
      return findings_.error(route.written, formatted("the root {} is no folder", files->root));
    }
    const auto warn_if_missing = [&](const std::string& path, std::string_view what) {
      if (access((files->root + '/' + path).c_str(), F_OK) == 0 || errno != ENOENT) return;
      findings_.add(Kind::warning, route.written,
                    formatted("{}: there is no {} in {}", what, path, files->root));
    };
    if (files->options.spa) warn_if_missing("index.html", "spa");
    for (const auto* const pages : {&site.error_pages, &files->options.error_pages}) {
      for (const auto& [status, path] : *pages) warn_if_missing(path, "error_pages");
    }
  }

  void check_certificates(WallTime now) {
    CertificateSources sources{config_.tls.certificates, config_.tls.certs_folder, ""};
    bool readable = sources.folder.empty() || is_readable(sources.folder, {}, "the folder certs");
    for (const tls::CertificateFiles& pair : sources.pairs) {
      readable = is_readable(pair.cert_file, {}, "the certificate") && readable;
      readable = is_readable(pair.key_file, {}, "the key") && readable;
    }
    if (!readable || (sources.pairs.empty() && sources.folder.empty())) return;
    const auto set = load(sources);
    if (!set) return findings_.error({}, set.error());
    for (const auto& lines : {use_warnings(**set), expiry_warnings(**set, now)}) {
      for (const std::string& line : lines) findings_.add(Kind::warning, {}, line);
    }
    const auto keys = keep_keys_out_of_sites(config_, **set);
    if (!keys) return findings_.error({}, keys.error());
    if (!keys->empty()) findings_.add(Kind::warning, {}, *keys);
    certificates_ = *set;
  }

  // By making what the server would make of it.
  void check_client_ca() {
    const std::string& file = config_.tls.client_ca;
    if (file.empty() || !is_readable(file, {}, "client_ca") || !certificates_) return;
    const auto made =
        tls::ServerContext::make(tls::TransportKind::tcp, {.client_auth = config_.tls.client_auth,
                                                           .client_ca_file = file,
                                                           .certificates = certificates_->copy()});
    if (!made) findings_.error({}, made.error());
  }

  const Config& config_;
  Findings& findings_;
  tls::CertificateSet::Ptr certificates_;
};

std::string_view word_for(Kind kind) {
  switch (kind) {
    case Kind::error: return "error";
    case Kind::warning: return "warning";
    case Kind::not_checked: return "not checked";
  }
  return "";
}

std::string json_text(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += {'\\', c};
    } else if (c >= 0 && c < 0x20) {
      append_formatted(json, "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      json += c;
    }
  }
  return json + '"';
}

std::string as_json(const Findings& findings, int code) {
  std::string list;
  for (const Finding& finding : findings.sorted()) {
    append_formatted(list, "{}\n    {{\"kind\": {}", list.empty() ? "" : ",",
                     json_text(word_for(finding.kind)));
    if (finding.at.line > 0) {
      append_formatted(list, ", \"file\": {}, \"line\": {}, \"column\": {}",
                       json_text(findings.file_names()[finding.at.file]), finding.at.line,
                       finding.at.column);
    }
    append_formatted(list, ", \"text\": {}}}", json_text(finding.sentence));
  }
  return formatted("{{\n  \"code\": {},\n  \"findings\": [{}{}]\n}}\n", code, list,
                   list.empty() ? "" : "\n  ");
}

std::string as_text(const Findings& findings, const std::string& file) {
  std::string text;
  for (Finding finding : findings.sorted()) {
    if (finding.kind != Kind::error) {
      finding.sentence = formatted("{}: {}", word_for(finding.kind), finding.sentence);
    }
    text += findings.shown(finding);
  }
  if (!findings.failed()) append_formatted(text, "{} can be served\n", file);
  return text;
}

}  // namespace

CheckReport check(const CheckCommand& command, WallTime now, const Environment& environment) {
  auto read = read_config({.file = command.file}, environment);
  Findings findings = read ? std::move(read->findings) : std::move(read.error());
  if (read) FileCheck(read->config, findings).run(now);
  const bool warned = std::ranges::contains(findings.sorted(), Kind::warning, &Finding::kind);
  CheckReport report;
  if (findings.failed()) report.code = 1;
  if (!findings.failed() && warned && command.warnings == CheckCommand::Warnings::fail) {
    report.code = 2;
  }
  report.text = command.form == CheckCommand::Form::json ? as_json(findings, report.code)
                                                         : as_text(findings, command.file);
  return report;
}

}  // namespace troika
