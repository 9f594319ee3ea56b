// Frames that HTTP/2 does not allow: RFC 9113 §3.4, §4 to §6, RFC 7541, catalogue H2-03, H2-15 to
// H2-17.
#include "rows.h"
#include "unit/proto/h2/raw_peer.h"

namespace troika::vectors {
namespace {

using namespace h2;
using std::string_view_literals::operator""sv;

constexpr std::uint32_t kProtocol = 1, kFlowControl = 3, kStreamClosed = 5, kFrameSize = 6,
                        kCompression = 9, kCalm = 11;
constexpr std::uint8_t kPadded = 8, kPriorityFlag = 32;
constexpr std::string_view kMagic = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// GET or POST https://localhost/ by the static table, :authority literally.
std::string get_block() { return std::string("\x82\x87\x84\x01\x09localhost"sv); }
std::string post_block() { return std::string("\x83\x87\x84\x01\x09localhost"sv); }
std::string get(std::uint32_t id) {
  return frame(kHeaders, kEndHeaders | kEndStream, id, get_block());
}
std::string post(std::uint32_t id) { return frame(kHeaders, kEndHeaders, id, post_block()); }
std::string block(std::string_view text) {
  return frame(kHeaders, kEndHeaders | kEndStream, 1, text);
}
std::string repeated(std::size_t times, std::string_view text) {
  std::string all;
  for (; times > 0; --times) all += text;
  return all;
}

class Rows {
 public:
  std::vector<H2Row> all;
  void connection(std::string_view name, std::uint32_t code, std::string bytes,
                  std::string before = {}) {
    all.push_back({std::string(name), std::move(before), std::move(bytes), Fate::connection, code});
  }
  void stream(std::string_view name, std::uint32_t code, std::string bytes,
              std::string before = {}) {
    all.push_back({std::string(name), std::move(before), std::move(bytes), Fate::stream, code});
  }
  void put_up(std::string_view name, std::string bytes, std::string before = {}) {
    all.push_back({std::string(name), std::move(before), std::move(bytes), Fate::put_up});
  }
  void bare(std::string_view name, std::string bytes) {
    all.push_back({std::string(name), {}, std::move(bytes), Fate::connection, kProtocol, false});
  }
};

void prefaces(Rows& rows) {
  rows.bare("H2-15 preface: a request of HTTP/1.1", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  rows.bare("H2-15 preface: of HTTP/1.1", "PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n");
  rows.bare("H2-15 preface: the last byte", "PRI * HTTP/2.0\r\n\r\nSM\r\n\rx");
  rows.bare("H2-15 preface: the first byte", "pRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  rows.bare("H2-15 preface: none", frame(kSettings, 0, 0));
  rows.bare("H2-15 preface: twice", std::string(kMagic) + std::string(kMagic));
  rows.bare("H2-15 preface: a PING for SETTINGS",
            std::string(kMagic) + frame(kPing, 0, 0, "12345678"));
  rows.bare("H2-15 preface: a request for SETTINGS", std::string(kMagic) + get(1));
  rows.bare("H2-15 preface: an acknowledgement for SETTINGS",
            std::string(kMagic) + frame(kSettings, kAck, 0));
  rows.bare("H2-15 preface: WINDOW_UPDATE for SETTINGS",
            std::string(kMagic) + frame(kWindowUpdate, 0, 0, u32(1)));
  rows.bare("H2-15 preface: an unknown frame for SETTINGS",
            std::string(kMagic) + frame(0xfa, 0, 0));
  rows.bare("H2-15 preface: GOAWAY for SETTINGS",
            std::string(kMagic) + frame(kGoaway, 0, 0, u32(0) + u32(0)));
  rows.bare("H2-15 preface: PRIORITY for SETTINGS",
            std::string(kMagic) + frame(kPriority, 0, 3, "12345"));
  rows.bare("H2-15 preface: a ClientHello", std::string("\x16\x03\x01\x02\x00\x01\x00"sv));
  rows.bare("H2-15 preface: zeros", std::string(24, '\0'));
}

void sizes(Rows& rows) {
  const std::string large(16'385, 'x');
  for (const std::uint8_t type :
       {kData, kHeaders, kPriority, kRstStream, kSettings, kPing, kGoaway, kWindowUpdate}) {
    const std::uint32_t id = type == kSettings || type == kPing || type == kGoaway ? 0U : 1U;
    rows.connection("a frame of 16 KiB and one: type " + std::to_string(type), kFrameSize,
                    frame(type, kEndHeaders, id, large), type == kHeaders ? "" : post(1));
  }
  rows.connection("a frame of 16 KiB and one: unknown", kFrameSize, frame(0xfa, 0, 0, large));
  for (const std::size_t size : {0U, 1U, 7U, 9U, 16U}) {
    rows.connection("PING of " + std::to_string(size) + " bytes", kFrameSize,
                    frame(kPing, 0, 0, std::string(size, 'x')));
  }
  for (const std::size_t size : {1U, 5U, 7U, 11U, 13U}) {
    rows.connection("SETTINGS of " + std::to_string(size) + " bytes", kFrameSize,
                    frame(kSettings, 0, 0, std::string(size, '\0')));
  }
  rows.connection("SETTINGS acknowledged with content", kFrameSize,
                  frame(kSettings, kAck, 0, setting(1, 4096)));
  for (const std::size_t size : {0U, 1U, 3U, 5U, 8U}) {
    rows.connection("RST_STREAM of " + std::to_string(size) + " bytes", kFrameSize,
                    frame(kRstStream, 0, 1, std::string(size, '\0')), post(1));
    rows.connection("WINDOW_UPDATE of " + std::to_string(size) + " bytes", kFrameSize,
                    frame(kWindowUpdate, 0, 0, std::string(size, '\1')));
    rows.stream("WINDOW_UPDATE of a stream of " + std::to_string(size) + " bytes", kFrameSize,
                frame(kWindowUpdate, 0, 1, std::string(size, '\1')), post(1));
  }
  for (const std::size_t size : {0U, 4U, 6U, 10U}) {
    rows.stream("PRIORITY of " + std::to_string(size) + " bytes", kFrameSize,
                frame(kPriority, 0, 1, std::string(size, '\0')), post(1));
  }
  for (const std::size_t size : {0U, 4U, 7U}) {
    rows.connection("GOAWAY of " + std::to_string(size) + " bytes", kFrameSize,
                    frame(kGoaway, 0, 0, std::string(size, '\0')));
  }
  for (const std::size_t size : {0U, 1U, 4U}) {
    rows.connection(
        "HEADERS with a priority of " + std::to_string(size) + " bytes", kFrameSize,
        frame(kHeaders, kEndHeaders | kEndStream | kPriorityFlag, 1, std::string(size, '\0')));
  }
}

void streams(Rows& rows) {
  rows.connection("DATA on stream 0", kProtocol, frame(kData, 0, 0, "x"));
  rows.connection("HEADERS on stream 0", kProtocol,
                  frame(kHeaders, kEndHeaders | kEndStream, 0, get_block()));
  rows.connection("PRIORITY on stream 0", kProtocol, frame(kPriority, 0, 0, "12345"));
  rows.connection("RST_STREAM on stream 0", kProtocol, frame(kRstStream, 0, 0, u32(8)));
  rows.connection("CONTINUATION on stream 0", kProtocol, frame(kContinuation, kEndHeaders, 0, "x"));
  rows.connection("SETTINGS on a stream", kProtocol, frame(kSettings, 0, 1));
  rows.connection("an acknowledgement on a stream", kProtocol, frame(kSettings, kAck, 1));
  rows.connection("PING on a stream", kProtocol, frame(kPing, 0, 1, "12345678"));
  rows.connection("GOAWAY on a stream", kProtocol, frame(kGoaway, 0, 1, u32(0) + u32(0)));
  rows.connection("H2-17 PUSH_PROMISE", kProtocol,
                  frame(kPushPromise, kEndHeaders, 1, u32(2) + get_block()), post(1));
  rows.connection("H2-17 PUSH_PROMISE on stream 0", kProtocol,
                  frame(kPushPromise, kEndHeaders, 0, u32(2) + get_block()));
  rows.connection("H2-17 PUSH_PROMISE on an idle stream", kProtocol,
                  frame(kPushPromise, kEndHeaders, 5, u32(2) + get_block()));
  for (const std::uint32_t id : {2U, 4U, 0x7ffffffeU}) {
    rows.connection("H2-17 an even id: " + std::to_string(id), kProtocol, get(id));
  }
  rows.connection("H2-17 an id that falls", kProtocol, get(3), get(5));
  rows.connection("H2-17 an id that falls by much", kProtocol, get(1), get(99));
  rows.connection("DATA on an idle stream", kProtocol, frame(kData, 0, 3, "x"));
  rows.connection("DATA on an even idle stream", kProtocol, frame(kData, 0, 2, "x"));
  rows.connection("RST_STREAM on an idle stream", kProtocol, frame(kRstStream, 0, 3, u32(8)));
  rows.connection("RST_STREAM on an even idle stream", kProtocol, frame(kRstStream, 0, 2, u32(8)));
  rows.connection("WINDOW_UPDATE on an idle stream", kProtocol, frame(kWindowUpdate, 0, 3, u32(1)));
  rows.connection("WINDOW_UPDATE on an even idle stream", kProtocol,
                  frame(kWindowUpdate, 0, 2, u32(1)));
  rows.stream("DATA after END_STREAM", kStreamClosed, get(1) + frame(kData, 0, 1, "x"));
  rows.stream("empty DATA after END_STREAM", kStreamClosed, get(1) + frame(kData, 0, 1));
  rows.stream("HEADERS after END_STREAM", kStreamClosed, get(1) + get(1));
  rows.stream("DATA after DATA with END_STREAM", kStreamClosed,
              post(1) + frame(kData, kEndStream, 1, "x") + frame(kData, 0, 1, "y"));
  rows.stream("trailers after DATA with END_STREAM", kStreamClosed,
              post(1) + frame(kData, kEndStream, 1, "x") + get(1));
  // It may have been on its way: skipped, as everything for a stream that is over.
  rows.put_up("a request on a stream that was answered", get(1), get(1));
  rows.stream("trailers without END_STREAM", kProtocol,
              post(1) + frame(kHeaders, kEndHeaders, 1, "\0\1x\1y"sv));
  rows.stream("a second request as trailers", kProtocol, post(1) + get(1));
  rows.stream("a pseudo-header field in trailers", kProtocol,
              post(1) + frame(kHeaders, kEndHeaders | kEndStream, 1, "\x84"));
  rows.stream("capital letters in trailers", kProtocol,
              post(1) + frame(kHeaders, kEndHeaders | kEndStream, 1, "\0\1X\1y"sv));
  rows.stream("Connection in trailers", kProtocol,
              post(1) + frame(kHeaders, kEndHeaders | kEndStream, 1,
                              "\0\x0a"
                              "connection\5close"sv));
  rows.stream(
      "Transfer-Encoding in trailers", kProtocol,
      post(1) + frame(kHeaders, kEndHeaders | kEndStream, 1, "\0\x11transfer-encoding\7chunked"sv));
  rows.stream(
      "a stream that depends on itself", kProtocol,
      frame(kHeaders, kEndHeaders | kEndStream | kPriorityFlag, 1, u32(1) + "x" + get_block()));
  rows.put_up("PRIORITY that depends on itself, which RFC 9113 does not read",
              frame(kPriority, 0, 1, u32(1) + "x"), post(1));
}

void padding(Rows& rows) {
  for (const unsigned pad : {1U, 2U, 255U}) {
    const std::string length(1, static_cast<char>(pad));
    rows.connection("padding of DATA longer than the frame: " + std::to_string(pad), kProtocol,
                    frame(kData, kPadded, 1, length), post(1));
    rows.connection("padding of HEADERS longer than the frame: " + std::to_string(pad), kProtocol,
                    frame(kHeaders, kEndHeaders | kPadded, 1, length));
  }
  rows.connection("padding of DATA without a length", kProtocol, frame(kData, kPadded, 1), post(1));
  rows.connection("padding of HEADERS without a length", kProtocol,
                  frame(kHeaders, kEndHeaders | kPadded, 1));
  rows.connection("padding of HEADERS over the fields", kProtocol,
                  frame(kHeaders, kEndHeaders | kEndStream | kPadded, 1, "\xf0" + get_block()));
}

void settings(Rows& rows) {
  for (const std::uint32_t value : {2U, 255U, 0xffffffffU}) {
    rows.connection("SETTINGS_ENABLE_PUSH of " + std::to_string(value), kProtocol,
                    frame(kSettings, 0, 0, setting(2, value)));
    rows.connection("SETTINGS_ENABLE_CONNECT_PROTOCOL of " + std::to_string(value), kProtocol,
                    frame(kSettings, 0, 0, setting(8, value)));
    rows.connection("SETTINGS_NO_RFC7540_PRIORITIES of " + std::to_string(value), kProtocol,
                    frame(kSettings, 0, 0, setting(9, value)));
  }
  for (const std::uint32_t value : {0x80000000U, 0xffffffffU}) {
    rows.connection("SETTINGS_INITIAL_WINDOW_SIZE of " + std::to_string(value), kFlowControl,
                    frame(kSettings, 0, 0, setting(4, value)));
  }
  for (const std::uint32_t value : {0U, 1U, 16'383U, 16'777'216U, 0xffffffffU}) {
    rows.connection("SETTINGS_MAX_FRAME_SIZE of " + std::to_string(value), kProtocol,
                    frame(kSettings, 0, 0, setting(5, value)));
  }
  rows.connection("33 settings", kCalm, frame(kSettings, 0, 0, repeated(33, setting(1, 4096))));
  rows.connection("an acknowledgement that nothing asked for", kProtocol,
                  frame(kSettings, kAck, 0));
  // RFC 9113 §6.9.2, at 2^31 and at 2^31 - 1. The response has used 5 bytes of the window.
  const std::string widened = post(1) + frame(kWindowUpdate, 0, 1, u32(1'000'000));
  rows.connection("a window that a setting overflows", kFlowControl,
                  frame(kSettings, 0, 0, setting(4, 0x7fffffff - 1'000'000 + 5 + 1)), widened);
  rows.connection("a window that the second of two settings overflows", kFlowControl,
                  frame(kSettings, 0, 0, setting(4, 0) + setting(4, 0x7fffffff)), widened);
  rows.put_up("a window that a setting fills",
              frame(kSettings, 0, 0, setting(4, 0x7fffffff - 1'000'000 + 5)), widened);
  rows.put_up("unknown settings", frame(kSettings, 0, 0, setting(0xfafa, 1) + setting(0x1234, 2)));
}

void windows(Rows& rows) {
  rows.connection("WINDOW_UPDATE of 0", kProtocol, frame(kWindowUpdate, 0, 0, u32(0)));
  rows.connection("WINDOW_UPDATE of 0 and the reserved bit", kProtocol,
                  frame(kWindowUpdate, 0, 0, u32(0x80000000U)));
  rows.stream("WINDOW_UPDATE of 0 on a stream", kProtocol, frame(kWindowUpdate, 0, 1, u32(0)),
              post(1));
  rows.connection("a window of the connection above 2^31 - 1", kFlowControl,
                  frame(kWindowUpdate, 0, 0, u32(0x7fffffff)));
  rows.connection("a window of the connection above 2^31 - 1 in steps", kFlowControl,
                  repeated(3, frame(kWindowUpdate, 0, 0, u32(0x40000000))));
  rows.stream("H2-02 a window of a stream above 2^31 - 1", kFlowControl,
              frame(kWindowUpdate, 0, 1, u32(0x7fffffff)), post(1));
  rows.stream("H2-02 a window of a stream above 2^31 - 1 in steps", kFlowControl,
              repeated(3, frame(kWindowUpdate, 0, 1, u32(0x40000000))), post(1));
}

void continuation(Rows& rows) {
  const std::string begun = frame(kHeaders, kEndStream, 1, get_block());
  rows.connection("CONTINUATION without HEADERS", kProtocol,
                  frame(kContinuation, kEndHeaders, 1, "\x84"));
  rows.connection("CONTINUATION after END_HEADERS", kProtocol,
                  get(1) + frame(kContinuation, kEndHeaders, 1, "\x84"));
  rows.connection("CONTINUATION of another stream", kProtocol,
                  begun + frame(kContinuation, kEndHeaders, 3, "\x84"));
  const std::vector<std::pair<std::string, std::string>> between{
      {"DATA", frame(kData, 0, 1, "x")},
      {"HEADERS of another", get(3)},
      {"HEADERS of the same", get(1)},
      {"PRIORITY", frame(kPriority, 0, 3, "12345")},
      {"RST_STREAM", frame(kRstStream, 0, 1, u32(8))},
      {"SETTINGS", frame(kSettings, 0, 0)},
      {"PING", frame(kPing, 0, 0, "12345678")},
      {"GOAWAY", frame(kGoaway, 0, 0, u32(0) + u32(0))},
      {"WINDOW_UPDATE", frame(kWindowUpdate, 0, 0, u32(1))},
      {"an unknown frame", frame(0xfa, 0, 0, "x")}};
  for (const auto& [name, bytes] : between) {
    rows.connection("a field section that is interrupted by " + name, kProtocol, begun + bytes);
  }
  rows.connection("H2-03 nine CONTINUATION frames", kProtocol,
                  begun + repeated(9, frame(kContinuation, 0, 1, "\x0f\x01\x01x"sv)));
  rows.connection("H2-03 nine empty CONTINUATION frames", kProtocol,
                  begun + repeated(9, frame(kContinuation, 0, 1)));
  rows.connection("H2-03 a thousand empty CONTINUATION frames", kProtocol,
                  begun + repeated(1'000, frame(kContinuation, 0, 1)));
}

void compression(Rows& rows) {
  const std::vector<std::pair<std::string, std::string>> bad{
      {"index 0", "\x80"},
      {"an index beyond the table", "\xbe"},
      {"an index far beyond the table", "\xff\xff\xff\xff\x07"},
      {"an index of more than 32 bits", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
      {"an index that is cut", "\xff"},
      {"an index that goes on", "\xff\x80\x80"},
      {"a name index beyond the table", "\x7e\x01x"},
      {"a name of a length beyond the section", std::string("\0\x7fx"sv)},
      {"a value of a length beyond the section", std::string("\0\1x\x7fy"sv)},
      {"a literal without a name", std::string("\0"sv)},
      {"a literal without a value", std::string("\0\1x"sv)},
      {"a length that is cut", std::string("\0\x7f"sv)},
      {"a length of more than 32 bits", std::string("\0\x7f\xff\xff\xff\xff\xff\xff\xff\x7f"sv)},
      {"a table larger than announced", "\x3f\xe2\x1f"},
      {"a table of 2^32", "\x3f\xe1\xff\xff\xff\x0f"},
      {"a table size that is cut", "\x3f"},
      {"a table size after a field", "\x82\x20"},
      {"Huffman: the end of string", std::string("\0\x84\xff\xff\xff\xff\1x"sv)},
      {"Huffman: padding of a byte", std::string("\0\x82\x1f\xff\1x"sv)},
      {"Huffman: padding of zeros", std::string("\0\x81\x18\1x"sv)},
      {"Huffman: cut in a code", std::string("\0\x81\xfe\1x"sv)}};
  for (const auto& [name, text] : bad) {
    rows.connection("HPACK: " + name, kCompression, block(text));
    rows.connection("HPACK in trailers: " + name, kCompression, post(1) + block(text));
  }
  rows.connection("HPACK: a reference to what was evicted", kCompression,
                  block("\x82\x87\x84\x01\x09localhost\x40\x01x\x01y\x20\xbe"sv));
}

void endings(Rows& rows) {
  rows.connection("H2-16 a wrong frame, then GOAWAY", kFrameSize,
                  frame(kPing, 0, 0, "short") + frame(kGoaway, 0, 0, u32(0) + u32(0)));
  rows.connection("H2-16 two wrong frames", kFrameSize,
                  frame(kPing, 0, 0, "short") + frame(kSettings, 0, 0, "x"));
  rows.connection("H2-16 a wrong frame, then requests", kFrameSize,
                  frame(kPing, 0, 0, "short") + get(1) + get(3));
  rows.put_up("an unknown frame", frame(0xfa, 0xff, 0, "x"));
  rows.put_up("an unknown frame on an idle stream", frame(0xfa, 0, 7, "x"));
  rows.put_up("an unasked acknowledgement of a PING", frame(kPing, kAck, 0, "12345678"));
  rows.put_up("a reserved bit in a stream id", frame(kPriority, 0, 0x80000003U, "12345"));
}

}  // namespace

std::vector<H2Row> h2_rows() {
  Rows rows;
  prefaces(rows);
  sizes(rows);
  streams(rows);
  padding(rows);
  settings(rows);
  windows(rows);
  continuation(rows);
  compression(rows);
  endings(rows);
  return std::move(rows.all);
}

}  // namespace troika::vectors
