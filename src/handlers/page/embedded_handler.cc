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

// OPTIONS, and all methods that do not read.
void respond_to_method(Method method, Responder& responder) {
  ErrorResponse response;
  if (method == Method::options) {
    response.head.status = 204;
  } else {
    response = error_response(405);
  }
  response.head.headers.add("allow", kAllow);
  std::ignore = responder.respond(std::move(response.head), std::move(response.body));
}

void respond_with(std::uint16_t status, Responder& responder) {
  auto [head, body] = error_response(status);
  std::ignore = responder.respond(std::move(head), std::move(body));
}

std::string_view text_of(const EmbeddedFile& file) noexcept {
  return {reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size()};
}

}  // namespace

EmbeddedHandler::EmbeddedHandler(std::span<const EmbeddedFile> files, std::string_view build)
    : files_(files), build_(escape_html(build)) {}

std::unique_ptr<Job> EmbeddedHandler::start(RequestContext context, Responder& responder) {
  if (const std::uint16_t status = refusal_of(context.request)) {
    respond_with(status, responder);
    return nullptr;
  }
  const Method method = context.request.method;
  if (!is_read(method)) {
    respond_to_method(method, responder);
    return nullptr;
  }
  const std::string_view path = std::string_view(context.request.target.path).substr(1);
  const std::string_view wanted = path.empty() ? kIndex : path;
  const auto file = std::ranges::find(files_, wanted, &EmbeddedFile::path);
  if (file == files_.end()) {
    respond_with(404, responder);
    return nullptr;
  }
  ResponseHead head;
  head.headers.add("content-type", media_type_of(wanted).text);
  head.headers.add("x-content-type-options", "nosniff");
  std::unique_ptr<BodySource> body;
  if (wanted == kIndex || wanted == kProtocol) {
    head.headers.add("cache-control", "no-cache");  // the next request may use another protocol
    body = text_body(context.services.pool, fill_in(text_of(*file), context.request.version));
  } else {
    body = static_body(text_of(*file));
  }
  std::ignore = responder.respond(std::move(head), std::move(body));
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
