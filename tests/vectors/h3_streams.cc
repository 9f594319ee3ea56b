// Frames and streams that HTTP/3 and QPACK do not allow: RFC 9114 §4, §6, §7, RFC 9204, RFC 9218
// §7, catalogue H3-02 to H3-05, H3-08 and H3-09.
#include "rows.h"
#include "unit/proto/h3/wire.h"

namespace troika::vectors {
namespace {

using namespace test;
using std::string_view_literals::operator""sv;

constexpr std::uint64_t kDecoderStreamError = 0x202;
// Client-initiated streams without a duty yet.
constexpr std::uint64_t kFirst = 2, kSecond = 6, kThird = 10;

std::string setting(std::uint64_t id, std::uint64_t value) { return varint(id) + varint(value); }
std::string control(std::string_view frames) { return varint(0) + std::string(frames); }
std::string settled(std::string_view frames) { return control(frame(4, "") + std::string(frames)); }
std::string get() { return headers_frame(get_fields()); }
std::string post() { return headers_frame(post_fields()); }
// A field section as it is.
std::string section(std::string_view lines) {
  return frame(1, std::string("\0\0"sv) + std::string(lines));
}
std::string encoder(std::string_view text) { return varint(2) + std::string(text); }
std::string decoder(std::string_view text) { return varint(3) + std::string(text); }

class Rows {
 public:
  std::vector<H3Row> all;
  // On the control stream, which begins with it.
  void opening(std::string_view name, std::uint64_t code, std::string bytes) {
    all.push_back({std::string(name), {{kFirst, std::move(bytes)}}, Fate::connection, code, false});
  }
  void connection(std::string_view name, std::uint64_t code, std::vector<H3Piece> pieces) {
    all.push_back({std::string(name), std::move(pieces), Fate::connection, code});
  }
  void request(std::string_view name, std::uint64_t code, std::string bytes, bool fin = true) {
    all.push_back({std::string(name), {{0, std::move(bytes), fin}}, Fate::stream, code});
  }
  void put_up(std::string_view name, std::vector<H3Piece> pieces) {
    all.push_back({std::string(name), std::move(pieces), Fate::put_up});
  }
};

void settings(Rows& rows) {
  const std::vector<std::pair<std::string, std::string>> before{
      {"GOAWAY", frame(7, varint(0))},
      {"MAX_PUSH_ID", frame(13, varint(0))},
      {"CANCEL_PUSH", frame(3, varint(0))},
      {"DATA", frame(0, "x")},
      {"HEADERS", get()},
      {"PUSH_PROMISE", frame(5, varint(0) + "x")},
      {"PRIORITY_UPDATE", frame(0xf0700, varint(0) + "u=1")},
      {"a reserved frame", frame(0x21, "x")},
      {"an unknown frame", frame(0xbeef, "")}};
  for (const auto& [name, bytes] : before) {
    rows.opening("H3-04 before SETTINGS: " + name, kMissingSettings, control(bytes));
  }
  for (const std::uint64_t id : {2U, 3U, 4U, 5U}) {
    rows.opening("H3-04 a setting of HTTP/2: " + std::to_string(id), kSettingsError,
                 control(frame(4, setting(id, 0))));
  }
  for (const std::uint64_t id : {1U, 7U}) {
    rows.opening("H3-04 a setting twice: " + std::to_string(id), kSettingsError,
                 control(frame(4, setting(id, 1) + setting(id, 1))));
  }
  for (const std::uint64_t value : {std::uint64_t{2}, (std::uint64_t{1} << 62U) - 1}) {
    rows.opening("H3-04 SETTINGS_H3_DATAGRAM of " + std::to_string(value), kSettingsError,
                 control(frame(4, setting(0x33, value))));
  }
  rows.opening("H3-04 an id without a value", kFrameError, control(frame(4, varint(1))));
  rows.opening("H3-04 an id that is cut", kFrameError, control(frame(4, "\x40")));
  rows.opening("H3-04 a value that is cut", kFrameError, control(frame(4, "\x01\x40")));
  rows.opening("H3-04 a second SETTINGS", kFrameUnexpected, settled(frame(4, "")));
  rows.opening("H3-04 a second SETTINGS, the same", kFrameUnexpected,
               control(frame(4, setting(1, 10)) + frame(4, setting(1, 10))));
}

void control_frames(Rows& rows) {
  for (const std::uint64_t type : {0U, 1U, 2U, 5U, 6U, 8U, 9U}) {
    rows.opening("H3-09 on the control stream: type " + std::to_string(type), kFrameUnexpected,
                 settled(frame(type, "12345678")));
  }
  for (const std::uint64_t type : {7U, 13U}) {
    const std::string name = type == 7 ? "GOAWAY" : "MAX_PUSH_ID";
    rows.opening(name + " that is empty", kFrameError, settled(frame(type, "")));
    rows.opening(name + " with a number that is cut", kFrameError, settled(frame(type, "\x40")));
    rows.opening(name + " with a byte more", kFrameError, settled(frame(type, varint(9) + "x")));
    rows.opening(name + " with two numbers", kFrameError,
                 settled(frame(type, varint(9) + varint(8))));
    rows.opening(name + " with a number of 8 bytes that is cut", kFrameError,
                 settled(frame(type, "\xc0\1\1\1"sv)));
  }
  rows.opening("H3-08 GOAWAY that rises", kIdError,
               settled(frame(7, varint(4)) + frame(7, varint(8))));
  rows.opening("H3-08 GOAWAY that rises later", kIdError,
               settled(frame(7, varint(8)) + frame(7, varint(4)) + frame(7, varint(5))));
  rows.opening("H3-08 MAX_PUSH_ID that falls", kIdError,
               settled(frame(13, varint(9)) + frame(13, varint(8))));
  rows.opening("H3-08 MAX_PUSH_ID that falls to 0", kIdError,
               settled(frame(13, varint(1)) + frame(13, varint(0))));
  rows.opening("PRIORITY_UPDATE that is empty", kFrameError, settled(frame(0xf0700, "")));
  rows.opening("PRIORITY_UPDATE with an id that is cut", kFrameError,
               settled(frame(0xf0700, "\x40")));
  for (const std::uint64_t id : {2U, 1U, 3U, 404U, 40'000U}) {
    rows.opening("PRIORITY_UPDATE of stream " + std::to_string(id), kIdError,
                 settled(frame(0xf0700, varint(id) + "u=1")));
  }
  rows.opening("PRIORITY_UPDATE of a push", kIdError, settled(frame(0xf0701, varint(0) + "u=1")));
}

void unidirectional(Rows& rows) {
  rows.connection("H3-05 a second control stream", kStreamCreationError,
                  {{kSecond, control(frame(4, ""))}});
  rows.connection("H3-05 a second encoder stream", kStreamCreationError,
                  {{kSecond, encoder("")}, {kThird, encoder("")}});
  rows.connection("H3-05 a second decoder stream", kStreamCreationError,
                  {{kSecond, decoder("")}, {kThird, decoder("")}});
  rows.connection("H3-05 a push stream of a client", kStreamCreationError,
                  {{kSecond, varint(1) + varint(0)}});
  rows.connection("H3-05 a push stream of a client, cut", kStreamCreationError,
                  {{kSecond, varint(1)}});
  rows.connection("H3-05 the control stream closed", kClosedCriticalStream, {{kFirst, "", true}});
  rows.connection("H3-05 the encoder stream closed", kClosedCriticalStream,
                  {{kSecond, encoder("")}, {kSecond, "", true}});
  rows.connection("H3-05 the decoder stream closed", kClosedCriticalStream,
                  {{kSecond, decoder("")}, {kSecond, "", true}});
  rows.connection("H3-05 the encoder stream closed at once", kClosedCriticalStream,
                  {{kSecond, encoder(""), true}});
  rows.connection("H3-05 the decoder stream closed at once", kClosedCriticalStream,
                  {{kSecond, decoder(""), true}});
  rows.put_up("H3-05 an unknown type", {{kSecond, varint(0x21) + "whatever"}});
  rows.put_up("H3-05 a type that never comes whole", {{kSecond, "\xc0"}});
  rows.put_up("H3-05 a stream that ends before its type", {{kSecond, "", true}});
}

void requests(Rows& rows) {
  for (const std::uint64_t type : {2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 13U, 0xf0700U, 0xf0701U}) {
    rows.request("H3-09 on a request stream: type " + std::to_string(type), kFrameUnexpected,
                 frame(type, varint(0) + "234567"), false);
    rows.request("H3-09 after HEADERS: type " + std::to_string(type), kFrameUnexpected,
                 post() + frame(type, varint(0) + "234567"), false);
  }
  rows.request("H3-09 DATA before HEADERS", kFrameUnexpected, data_frame("x"));
  rows.request("H3-09 empty DATA before HEADERS", kFrameUnexpected, data_frame(""));
  rows.request("H3-09 DATA behind a reserved frame, before HEADERS", kFrameUnexpected,
               frame(0x21, "x") + data_frame("x"));
  const std::string trailers = headers_frame({{"x", "1"}});
  rows.request("H3-09 DATA after trailers", kFrameUnexpected, post() + trailers + data_frame("x"));
  rows.request("H3-09 HEADERS after trailers", kFrameUnexpected, post() + trailers + trailers);
  rows.request("H3-09 a request after trailers", kFrameUnexpected, post() + trailers + get());
  rows.request("H3-03 nothing but a FIN", kRequestIncomplete, "");
  rows.request("H3-03 a FIN in a frame header", kFrameError, "\x01");
  rows.request("H3-03 a FIN in a type", kFrameError, "\x40");
  rows.request("H3-03 a FIN in a type behind a request", kFrameError, post() + "\x40");
  rows.request("H3-03 a FIN in a length", kFrameError, "\x01\x40");
  rows.request("H3-03 a FIN in HEADERS", kFrameError, get().substr(0, 9));
  rows.request("H3-03 a FIN in DATA", kFrameError, post() + data_frame("hello").substr(0, 4));
  rows.request("H3-03 a FIN in an unknown frame", kFrameError, varint(0x21) + varint(1000) + "ab");
  rows.request("H3-03 a FIN in an unknown frame behind a request", kFrameError,
               post() + varint(0x21) + varint(1000) + "ab");
  rows.request("H3-03 a FIN in the length of an unknown frame", kFrameError,
               post() + varint(0x21) + "\x40");
  // RFC 9114 §9: it is skipped, so there is no request (§4.1).
  rows.request("H3-03 a FIN behind an unknown frame alone", kRequestIncomplete, frame(0x21, "x"));
  rows.request("H3-03 a FIN behind unknown frames alone", kRequestIncomplete,
               frame(0x21, "") + frame(0xbeef, "x"));
  rows.put_up("a FIN behind an unknown frame and a request", {{0, get() + frame(0x21, "x"), true}});
  rows.request("H3-09 HEADERS of 2^62 - 1 bytes", kFrameError,
               varint(1) + varint((1ULL << 62U) - 1) + "x");
  rows.request("H3-09 DATA of 2^62 - 1 bytes", kFrameError,
               post() + varint(0) + varint((1ULL << 62U) - 1) + "x");
  rows.request("H3-09 an unknown frame of 2^62 - 1 bytes", kFrameError,
               varint(0x21) + varint((1ULL << 62U) - 1) + "x");
  const auto five = headers_frame(post_fields({{"content-length", "5"}}));
  rows.request("H3-03 Content-Length of 5, a FIN", kMessageError, five);
  rows.request("H3-03 Content-Length of 5, 4 bytes", kMessageError, five + data_frame("1234"));
  rows.request("H3-03 Content-Length of 5, 6 bytes", kMessageError, five + data_frame("123456"));
  rows.request("H3-03 Content-Length of 5, empty DATA", kMessageError, five + data_frame(""));
  rows.request("H3-03 Content-Length of 5, trailers", kMessageError, five + trailers);
  rows.request("H3-03 Content-Length of 5, 3 and 3 bytes", kMessageError,
               five + data_frame("123") + data_frame("456"));
  rows.request("a pseudo-header field in trailers", kMessageError,
               post() + headers_frame({{":method", "GET"}}));
  rows.request("a request for trailers", kMessageError, post() + get());
  rows.request("capital letters in trailers", kMessageError, post() + headers_frame({{"X", "1"}}));
  rows.request("Connection in trailers", kMessageError,
               post() + headers_frame({{"connection", "close"}}));
  rows.request("Transfer-Encoding in trailers", kMessageError,
               post() + headers_frame({{"transfer-encoding", "chunked"}}));
  rows.request("an empty field section", kMessageError, section(""));
  // RFC 9204 §4.5.1 wants a prefix; nghttp3 takes a frame without content for an empty section.
  rows.request("a field section without a prefix", kMessageError, frame(1, ""));
  rows.put_up("trailers without a prefix", {{0, post() + frame(1, ""), true}});
}

void qpack(Rows& rows) {
  const std::vector<std::pair<std::string, std::string>> bad{
      {"a prefix that is cut", frame(1, std::string("\0"sv))},
      {"an insert count that cannot be", frame(1, "\xff\xff\xff\xff")},
      {"an insert count of 2^62", frame(1, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01x")},
      {"an insert count to come", frame(1, std::string("\x02\0\x80"sv))},
      {"a base below 0", frame(1, std::string("\0\x81\x80"sv))},
      {"a dynamic index, nothing inserted", section("\x80")},
      {"a post-base index, nothing inserted", section("\x10")},
      {"a dynamic name, nothing inserted", section("\x40\x01x")},
      {"a post-base name, nothing inserted", section(std::string("\0\x01x"sv))},
      {"a static index of 99", section("\xff\x24")},
      {"a static index of 2^32", section("\xff\xff\xff\xff\xff\x0f")},
      {"a static index of more than 62 bits",
       section("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")},
      {"a static name of 99", section("\x5f\x54\x01x")},
      {"an index that is cut", section("\xff")},
      {"a name that is cut", section("\x27\x05"
                                     "abc")},
      {"a value that is cut", section("\x21x\x05"
                                      "ab")},
      {"a name without a value", section("\x21x")},
      {"Huffman: the end of string", section("\x2c\xff\xff\xff\xff\x01x")},
      {"Huffman: padding of zeros", section("\x29\x18\x01x")}};
  for (const auto& [name, bytes] : bad) {
    rows.request("H3-02 QPACK: " + name, kDecompressionFailed, bytes);
    rows.request("H3-02 QPACK in trailers: " + name, kDecompressionFailed, post() + bytes);
  }
  const std::vector<std::pair<std::string, std::string>> encoded{
      {"a table larger than announced", prefixed(0x20, 5, 4097)},
      {"a table of 2^32", prefixed(0x20, 5, 1ULL << 32U)},
      {"a name of the dynamic table, empty", "\x80\x01x"},
      {"a static name of 99", "\xff\x24\x01x"},
      {"a duplicate, nothing inserted", std::string("\0"sv)},
      {"a duplicate of 2^32", prefixed(0, 5, 1ULL << 32U)},
      {"an entry larger than the table", prefixed(0x20, 5, 32) + "\x41x\x01y"},
      {"an entry without a table", "\x41x\x01y"},
      {"a number of more than 62 bits", "\x3f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
      {"Huffman: the end of string", prefixed(0x20, 5, 4096) + "\x64\xff\xff\xff\xff\x01x"}};
  for (const auto& [name, text] : encoded) {
    rows.connection("H3-02 encoder stream: " + name, kEncoderStreamError,
                    {{kSecond, encoder(text)}});
  }
  const std::vector<std::pair<std::string, std::string>> decoded{
      {"an increment of 0", std::string("\0"sv)},
      {"an increment that nothing asked for", "\x01"},
      {"an increment of 2^32", prefixed(0, 6, 1ULL << 32U)},
      {"a section that was never sent", "\x80"},
      {"a section of a far stream", prefixed(0x80, 7, 4000)},
      {"a number of more than 62 bits", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"}};
  for (const auto& [name, text] : decoded) {
    rows.connection("H3-02 decoder stream: " + name, kDecoderStreamError,
                    {{kSecond, decoder(text)}});
  }
}

}  // namespace

std::vector<H3Row> h3_rows() {
  Rows rows;
  settings(rows);
  control_frames(rows);
  unidirectional(rows);
  requests(rows);
  qpack(rows);
  return std::move(rows.all);
}

}  // namespace troika::vectors
