#include "h1_harness.h"

#include <charconv>

#include "base/text.h"

namespace troika::test {

std::string H1Response::field(std::string_view name) const {
  for (const auto& [n, value] : fields) {
    if (n == name) return value;
  }
  return {};
}

H1ResponseReader::H1ResponseReader(std::string_view text, std::vector<bool> heads, bool at_end)
    : rest_(text), heads_(std::move(heads)), at_end_(at_end) {
  while (!rest_.empty() && error.empty() && read_one()) {
  }
}

bool H1ResponseReader::read_one() {
  const std::size_t end = rest_.find("\r\n\r\n");
  if (end == std::string_view::npos) return fail("head is cut short");
  std::string_view head = rest_.substr(0, end + 2);
  rest_.remove_prefix(end + 4);
  H1Response r;
  if (!read_status(line(head), r)) return fail("bad status line");
  while (!head.empty()) {
    if (!read_field(line(head), r)) return fail("bad field line");
  }
  const bool final = r.status >= 200;
  const bool to_head = final && finals_ < heads_.size() && heads_[finals_];
  const bool none = !final || r.status == 204 || r.status == 304 || to_head;
  if (final) ++finals_;
  if (!none && !read_body(r)) return false;
  r.complete = r.complete || none;
  responses.push_back(std::move(r));
  return true;
}

std::string_view H1ResponseReader::line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  const std::string_view one = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + 2));
  return one;
}

bool H1ResponseReader::read_status(std::string_view text, H1Response& r) {
  if (!text.starts_with("HTTP/1.1 ") || text.size() < 13 || text[12] != ' ') return false;
  return std::from_chars(text.data() + 9, text.data() + 12, r.status).ptr == text.data() + 12;
}

bool H1ResponseReader::read_field(std::string_view text, H1Response& r) {
  const std::size_t colon = text.find(": ");
  if (colon == std::string_view::npos || text.contains('\n') || text.contains('\r')) return false;
  std::string name(text.substr(0, colon));
  if (!ascii::is_token(name)) return false;
  for (char& c : name) c = ascii::lower(c);
  r.fields.emplace_back(std::move(name), text.substr(colon + 2));
  return true;
}

bool H1ResponseReader::read_body(H1Response& r) {
  if (r.field("transfer-encoding") == "chunked") {
    if (!r.field("content-length").empty()) return fail("two framings");
    return read_chunks(r);
  }
  const std::string length = r.field("content-length");
  if (length.empty()) {
    r.body = std::exchange(rest_, {});
    r.complete = at_end_;
    return true;
  }
  std::size_t n = 0;
  std::from_chars(length.data(), length.data() + length.size(), n);
  r.complete = rest_.size() >= n;
  r.body = rest_.substr(0, n);
  rest_.remove_prefix(std::min(n, rest_.size()));
  return true;
}

bool H1ResponseReader::read_chunks(H1Response& r) {
  for (;;) {
    const std::size_t end = rest_.find("\r\n");
    if (end == std::string_view::npos) return true;  // incomplete
    std::size_t n = 0;
    const auto parsed = std::from_chars(rest_.data(), rest_.data() + end, n, 16);
    if (end == 0 || parsed.ptr != rest_.data() + end) return fail("bad chunk size");
    rest_.remove_prefix(end + 2);
    if (n == 0) break;
    if (rest_.size() < n + 2) {
      r.body += std::exchange(rest_, {});
      return true;
    }
    r.body += rest_.substr(0, n);
    if (rest_.substr(n, 2) != "\r\n") return fail("chunk does not end");
    rest_.remove_prefix(n + 2);
  }
  while (!rest_.empty()) {
    const std::string_view trailer = line(rest_);
    if (trailer.empty()) {
      r.complete = true;
      return true;
    }
    if (!read_field(trailer, r)) return fail("bad trailer");
  }
  return true;
}

H1Server::H1Server(MakeSession* make) : bench("http/1.1"), out_(bench.pool), make_(make) {
  bench.peer.security.encrypted = false;
  bench.peer.security.alpn.clear();
}

ByteSession& H1Server::session() {
  if (session_ == nullptr) session_ = make_(bench.services, bench.peer, bench.host);
  return *session_;
}

std::string H1Server::take(std::size_t high) {
  std::string text;
  do {
    (void)session().produce(out_, high, bench.clock.now());
    const std::size_t size = out_.size();
    most_queued = std::max(most_queued, size);
    while (!out_.empty()) text += text_of(out_.take(65536).bytes());
    if (size == 0) break;
    session().on_written(size, bench.clock.now());
  } while (true);
  return text;
}

}  // namespace troika::test
