#include "handlers/page/embedded_handler.h"

#include <algorithm>

#include "handlers/file_names.h"
#include "handlers/media_type.h"
#include "handlers/site_options.h"
#include "http/exchange/services.h"
#include "http/message/error_response.h"

namespace troika {
namespace {

constexpr std::string_view kIndex = "index.html";
constexpr std::string_view kProtocol = "protocol.css";

constexpr std::string_view horse_of(HttpVersion version) noexcept {
  switch (version) {
    case HttpVersion::http2: return "h2";
    case HttpVersion::http3: return "h3";
    default: return "h1";
  }
}

std::string escape_html(std::string_view text) {
  std::string out;
  append_html(out, text);
  return out;
}

bool is_read(Method method) noexcept { return method == Method::get || method == Method::head; }

// To OPTIONS, and to all methods that do not read.
ErrorResponse response_to_method(Method method) {
  ErrorResponse response;
  if (method == Method::options) {
    response.head.status = 204;
  } else {
    response = error_response(405);
  }
  response.head.headers.add("allow", kAllow);
  return response;
}

std::string_view text_of(const EmbeddedFile& file) noexcept {
  return {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()};
}

}  // namespace

EmbeddedHandler::EmbeddedHandler(std::span<const EmbeddedFile> files, std::string_view build,
                                 std::vector<SiteOptions::HeaderRule> headers)
    : files_(files), build_(escape_html(build)), headers_(std::move(headers)) {}

void EmbeddedHandler::respond(Responder& responder, ErrorResponse response) const {
  add_own_fields(headers_, "", response.head.headers);
  std::ignore = responder.respond(std::move(response.head), std::move(response.body));
}

std::unique_ptr<Job> EmbeddedHandler::act(RequestContext context, Responder& responder,
                                          std::string_view path) {
  if (const std::uint16_t status = refusal_of(context.request)) {
    respond(responder, error_response(status));
    return nullptr;
  }
  const Method method = context.request.method;
  if (!is_read(method)) {
    respond(responder, response_to_method(method));
    return nullptr;
  }
  const std::string_view wanted = path.size() < 2 ? kIndex : path.substr(1);
  const auto file = std::ranges::find(files_, wanted, &EmbeddedFile::path);
  if (file == files_.end()) {
    respond(responder, error_response(404));
    return nullptr;
  }
  ErrorResponse response;
  HeaderMap& fields = response.head.headers;
  fields.add("content-type", media_type_of(wanted).text);
  fields.add("x-content-type-options", "nosniff");
  if (wanted == kIndex || wanted == kProtocol) {
    fields.add("cache-control", "no-cache");  // the next request may use another protocol
    response.body =
        text_body(context.services.pool, fill_in(text_of(*file), context.request.version));
  } else {
    response.body = static_body(text_of(*file));
  }
  respond(responder, std::move(response));
  return nullptr;
}

std::string EmbeddedHandler::fill_in(std::string_view page, HttpVersion version) const {
  std::string out;
  while (!page.empty()) {
    const std::size_t mark = std::min(page.find("{{"), page.size());
    out += page.substr(0, mark);
    page.remove_prefix(mark);
    if (page.starts_with("{{protocol}}")) {
      out += name_of(version);
      page.remove_prefix(12);
    } else if (page.starts_with("{{horse}}")) {
      out += horse_of(version);
      page.remove_prefix(9);
    } else if (page.starts_with("{{build}}")) {
      out += build_;
      page.remove_prefix(9);
    } else if (!page.empty()) {
      out += page.substr(0, 2);
      page.remove_prefix(2);
    }
  }
  return out;
}

}  // namespace troika
