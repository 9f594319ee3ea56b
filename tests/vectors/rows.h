#pragma once
// Malformed and abusive inputs by name: what arrives, and what RFC 9110, 9112, 9113, 9114, 9000 or
// the catalogue says becomes of it. A row is one input and one rule. What counts is a row that is
// refused; one that the RFC tells a server to put up with is checked alike and not counted.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troika::vectors {

struct Variant {
  std::string_view what, text;
};

const std::vector<Variant>& no_tokens();
const std::vector<Variant>& no_values();
const std::vector<Variant>& bad_lengths();
const std::vector<Variant>& bad_authorities();
const std::vector<Variant>& bad_targets();

// A request of HTTP/1.1. Refused: this status, once, and the end of the connection; nothing that
// follows is read. Put up with: this status, and the connection goes on.
struct H1Row {
  std::string name, bytes;
  std::uint16_t status;
  bool refused = true;
};

class H1Rows {
 public:
  std::vector<H1Row> all;

  void add(std::string_view name, std::string bytes, std::uint16_t status) {
    all.push_back({std::string(name), std::move(bytes), status});
  }
  void put_up(std::string_view name, std::string bytes, std::uint16_t status) {
    all.push_back({std::string(name), std::move(bytes), status, false});
  }
  // Members of one production, each wrong in its own way.
  template <class Make>
  void family(std::string_view name, std::uint16_t status, Make make,
              const std::vector<Variant>& variants) {
    for (const Variant& each : variants) {
      add(std::string(name) + ": " + std::string(each.what), make(std::string(each.text)), status);
    }
  }
};

void h1_framing(H1Rows& rows);
void h1_chunks(H1Rows& rows);
void h1_lines(H1Rows& rows);
void h1_fields(H1Rows& rows);
void h1_targets(H1Rows& rows);
std::vector<H1Row> h1_rows();

// A field section of HTTP/2 or HTTP/3, and the content behind it. `malformed`: an error of the
// stream or the connection, PROTOCOL_ERROR or H3_MESSAGE_ERROR, or 400 (RFC 9113 §8.1.1, RFC 9114
// §4.1.2).
using Fields = std::vector<std::pair<std::string, std::string>>;
struct FieldRow {
  std::string name;
  Fields fields;
  std::uint16_t status = 400;
  std::string content = {};
  // nghttp3 drops a field line whose bytes are not allowed: h3 puts up with it, and nobody sees it.
  bool h3_drops = false;
};
std::vector<FieldRow> field_rows();

// Frames of HTTP/2 after the preface; `before` is exchanged first.
enum class Fate : std::uint8_t { stream, connection, status, put_up };
struct H2Row {
  std::string name, before, bytes;
  Fate fate;
  std::uint32_t code = 0;  // of the error or the status; a stream's error may be the connection's
  bool prefaced = true;    // false: the bytes are all that comes
};
std::vector<H2Row> h2_rows();

// Bytes on streams of HTTP/3, after SETTINGS unless they bring the control stream.
struct H3Piece {
  std::uint64_t stream;
  std::string bytes;
  bool fin = false;
};
struct H3Row {
  std::string name;
  std::vector<H3Piece> pieces;
  Fate fate;
  std::uint64_t code = 0;
  bool settings = true;
};
std::vector<H3Row> h3_rows();

// A datagram at a QUIC endpoint that knows no connection. Whatever comes back is smaller.
enum class Reply : std::uint8_t { none, versions, reset };
struct DatagramRow {
  std::string name;
  std::vector<std::byte> bytes;
  Reply reply = Reply::none;
};
std::vector<DatagramRow> datagram_rows();

// Frames in an Initial that decrypts. A handshake message ends its connection with this code, or it
// is taken: the handshake goes on. Other faults have no code: an Initial could be of anybody, so it
// is dropped and ends nothing.
struct InitialRow {
  std::string name, frames;
  std::optional<std::uint64_t> code = std::nullopt;
  bool taken = false;
};
std::vector<InitialRow> initial_rows();
std::vector<InitialRow> hello_rows();  // some of them, of whole ClientHellos

// Frames that no Initial and no Handshake packet may hold (RFC 9000 §12.4), by their names.
std::vector<std::pair<std::string, std::string>> later_frames();

// Frames in a packet of a client whose handshake goes on, or is complete. They end the connection
// with this code; none: it goes on.
enum class Level : std::uint8_t { initial, handshake, later };
struct FrameRow {
  std::string name;
  Level level;
  std::string frames;
  std::optional<std::uint64_t> code;
};
std::vector<FrameRow> frame_rows();

}  // namespace troika::vectors
