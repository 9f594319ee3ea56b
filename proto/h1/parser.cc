#include "proto/h1/parser.h"

#include <llhttp.h>

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "base/text.h"

namespace troika::h1 {

void FieldText::add(std::string_view piece) {
  if (!own_.empty()) {
    own_ += piece;
  } else if (view_.empty()) {
    view_ = piece;
  } else if (view_.data() + view_.size() == piece.data()) {
    view_ = {view_.data(), view_.size() + piece.size()};
  } else {
    own_ = view_;
    own_ += piece;
  }
}

void FieldText::detach() {
  if (own_.empty()) own_ = view_;
  view_ = {};
}

// Frees the memory: an idle connection must not hold on to its longest field.
void FieldText::clear() noexcept {
  view_ = {};
  if (!own_.empty()) own_ = std::string();
}

struct Parser::Engine {
  llhttp_t parser{};
  llhttp_settings_t settings{};

  explicit Engine(Parser& owner) : owner_(owner) {
    llhttp_settings_init(&settings);
    settings.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
      return of(p).text(of(p).name_, at, n);
    };
    settings.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
      return of(p).text(of(p).value_, at, n);
    };
    settings.on_header_value_complete = [](llhttp_t* p) { return of(p).field_complete(); };
    settings.on_headers_complete = [](llhttp_t* p) { return pause(p, Event::head); };
    settings.on_status = [](llhttp_t* p, const char* at, std::size_t n) {
      return valid_field_value({at, n}) ? 0 : of(p).fail(ParserFault::syntax);
    };
    settings.on_chunk_header = [](llhttp_t* p) { return of(p).chunk_header(p->content_length); };
    settings.on_body = [](llhttp_t* p, const char* at, std::size_t n) { return of(p).body(at, n); };
    settings.on_message_complete = [](llhttp_t* p) { return pause(p, Event::message); };
  }

  void begin(llhttp_type_t type) {
    llhttp_init(&parser, type, &settings);
    parser.data = &owner_;
  }

 private:
  static Parser& of(llhttp_t* p) noexcept { return *static_cast<Parser*>(p->data); }
  // llhttp_pause() has no effect inside a callback; only this return value stops the run.
  static int pause(llhttp_t* p, Event event) noexcept {
    of(p).event_ = event;
    return HPE_PAUSED;
  }

  Parser& owner_;
};

Parser::Parser(const Limits& limits, Sink& sink)
    : limits_(limits), sink_(sink), engine_(std::make_unique<Engine>(*this)) {}
Parser::~Parser() = default;

void Parser::begin(std::size_t head_bytes) noexcept {
  name_.clear();
  value_.clear();
  head_left_ = head_bytes;
  framed_ = body_bytes_ = trailer_bytes_ = 0;
  fault_ = ParserFault::none;
  in_body_ = chunk_begins_ = in_trailers_ = false;
}

void Parser::begin_request() {
  static constexpr std::string_view kLine = "POST / HTTP/1.1\r\n";
  begin(limits_.header_list_bytes);
  engine_->begin(HTTP_REQUEST);
  [[maybe_unused]] const auto result = llhttp_execute(&engine_->parser, kLine.data(), kLine.size());
  assert(result == HPE_OK);
}

void Parser::begin_response() {
  begin(limits_.response_bytes);
  engine_->begin(HTTP_RESPONSE);
}

std::uint16_t Parser::status() const noexcept { return engine_->parser.status_code; }
unsigned Parser::major_version() const noexcept { return engine_->parser.http_major; }
unsigned Parser::minor_version() const noexcept { return engine_->parser.http_minor; }

Parser::Progress Parser::parse(std::span<const std::byte> bytes) {
  if (in_body_) {
    Progress progress = run(bytes);
    framed_ += progress.consumed;
    if (progress.event != Event::fault && overhead_too_big(framed_)) {
      fail(ParserFault::chunk_overhead);
      progress.event = Event::fault;
    }
    return progress;
  }
  // llhttp skips line ends before a status line: only a server may do so (RFC 9112 §2.2).
  const bool begins_response =
      engine_->parser.type == HTTP_RESPONSE && head_left_ == limits_.response_bytes;
  if (begins_response && !bytes.empty() && bytes.front() != std::byte{'H'}) {
    fail(ParserFault::syntax);
    return {bytes.size(), Event::fault};
  }
  // White space around values counts for no field, so the section has a limit of its own.
  Progress progress = run(bytes.first(std::min(bytes.size(), head_left_)));
  head_left_ -= progress.consumed;
  if (progress.event == Event::more && progress.consumed < bytes.size()) {
    fail(ParserFault::fields_too_big);
    progress.event = Event::fault;
  }
  in_body_ = progress.event == Event::head;
  return progress;
}

Parser::Progress Parser::run(std::span<const std::byte> bytes) {
  llhttp_t& parser = engine_->parser;
  input_ = bytes.data();
  event_ = Event::more;
  if (llhttp_get_errno(&parser) == HPE_PAUSED) llhttp_resume(&parser);
  const auto* const text = reinterpret_cast<const char*>(bytes.data());
  const llhttp_errno_t result = llhttp_execute(&parser, text, bytes.size());
  if (result == HPE_OK) {
    name_.detach();
    value_.detach();
    return {bytes.size(), Event::more};
  }
  if (result == HPE_PAUSED) {
    return {static_cast<std::size_t>(llhttp_get_error_pos(&parser) - text), event_};
  }
  if (fault_ == ParserFault::none) fail(ParserFault::syntax);
  return {bytes.size(), Event::fault};
}

int Parser::fail(ParserFault fault) noexcept {
  fault_ = fault;
  return HPE_USER;
}

int Parser::text(FieldText& part, const char* at, std::size_t size) {
  if (in_body_) {
    trailer_bytes_ += size;
    if (trailer_bytes_ > limits_.trailer_bytes) return fail(ParserFault::fields_too_big);
  }
  part.add({at, size});
  return 0;
}

int Parser::field_complete() {
  const bool go_on = sink_.on_field(name_.view(), value_.view(), in_body_);
  name_.clear();
  value_.clear();
  return go_on ? 0 : fail(ParserFault::refused);
}

int Parser::chunk_header(std::uint64_t size) noexcept {
  chunk_begins_ = true;
  in_trailers_ = size == 0;
  // No client sends that much, and a sum with this number must not wrap.
  return size > std::numeric_limits<std::int64_t>::max() ? fail(ParserFault::syntax) : 0;
}

// Checked where a chunk's data begins and at the end of each run, so that the result does not
// depend on the pieces in which the bytes come.
int Parser::body(const char* at, std::size_t size) {
  if (std::exchange(chunk_begins_, false)) {
    const auto offset = reinterpret_cast<const std::byte*>(at) - input_;
    if (overhead_too_big(framed_ + static_cast<std::uint64_t>(offset))) {
      return fail(ParserFault::chunk_overhead);
    }
  }
  body_bytes_ += size;
  const auto bytes = std::as_bytes(std::span(at, size));
  return sink_.on_body(bytes) ? 0 : fail(ParserFault::refused);
}

bool Parser::overhead_too_big(std::uint64_t framing) const noexcept {
  return framing - body_bytes_ - trailer_bytes_ > limits_.chunk_overhead + 2 * body_bytes_;
}

std::string library_version() {
  return formatted("llhttp {}.{}.{}", LLHTTP_VERSION_MAJOR, LLHTTP_VERSION_MINOR,
                   LLHTTP_VERSION_PATCH);
}

namespace {

// Calls `visit` with each element of a comma-separated list, empty ones included.
template <class Visit>
void for_each_element(std::string_view list, Visit visit) {
  for (;;) {
    const std::size_t comma = list.find(',');
    visit(ascii::trim(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

void MessageFields::field(std::string_view name, std::string_view value) {
  const auto is = [&](std::string_view what) { return ascii::equal_ignoring_case(name, what); };
  if (is("content-length")) {
    ++lengths_;
  } else if (is("transfer-encoding")) {
    coding_ = coding_ == Coding::absent ? coding_of(value) : Coding::malformed;
  } else if (is("connection")) {
    connection(value);
  } else if (is("upgrade")) {
    const bool websocket = ascii::equal_ignoring_case(ascii::trim(value), "websocket");
    upgrade_ = websocket && upgrade_ == Upgrade::absent ? Upgrade::websocket : Upgrade::other;
  }
}

// RFC 9112 §6.1: chunked comes last, once, and without parameters.
MessageFields::Coding MessageFields::coding_of(std::string_view value) noexcept {
  bool malformed = false, after_chunked = false;
  std::size_t elements = 0;
  for_each_element(value, [&](std::string_view element) {
    const std::string_view name = ascii::trim(element.substr(0, element.find(';')));
    const bool chunked = ascii::equal_ignoring_case(name, "chunked");
    const bool has_parameters = name.size() != element.size();
    if (after_chunked || !ascii::is_token(name) || (chunked && has_parameters)) malformed = true;
    after_chunked = after_chunked || chunked;
    ++elements;
  });
  if (malformed) return Coding::malformed;
  return after_chunked && elements == 1 ? Coding::chunked : Coding::unknown;
}

void MessageFields::connection(std::string_view value) noexcept {
  for_each_element(value, [&](std::string_view option) {
    if (ascii::equal_ignoring_case(option, "close")) close_ = true;
    if (ascii::equal_ignoring_case(option, "keep-alive")) keep_alive_ = true;
    if (ascii::equal_ignoring_case(option, "upgrade")) names_upgrade_ = true;
  });
}

// Request smuggling works with two lengths, or with a length and a coding. RFC 9112 §6.3 allows to
// repair some of them; refusing all is safe.
std::uint16_t MessageFields::fault(HttpVersion version) const noexcept {
  if (lengths_ > 1 || coding_ == Coding::malformed) return 400;
  if (coding_ == Coding::absent) return 0;
  if (lengths_ > 0 || version == HttpVersion::http10) return 400;
  return coding_ == Coding::unknown ? 501 : 0;
}

MessageFields::Body MessageFields::body() const noexcept {
  if (coding_ == Coding::chunked) return Body::chunked;
  return lengths_ > 0 ? Body::length : Body::absent;
}

}  // namespace troika::h1
