// How many rows there are. Counted is one row of one table over one protocol that is refused; rows
// that are put up with are not, nor are assertions, splits or bytes. No name and no input is there
// twice within a protocol.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdio>
#include <set>

#include "rows.h"

namespace troika::vectors {
namespace {

constexpr std::size_t kH1 = 400, kH2 = 300, kH3 = 300;

class Count {
 public:
  void add(const std::string& name, const std::string& input, bool refused) {
    INFO(name);
    CHECK(names_.insert(name).second);
    CHECK(inputs_.insert(input).second);
    if (refused) ++refused_;
  }
  std::size_t refused() const { return refused_; }
  std::size_t put_up() const { return names_.size() - refused_; }

 private:
  std::set<std::string> names_, inputs_;
  std::size_t refused_ = 0;
};

std::string joined(const FieldRow& row) {
  std::string text;
  for (const auto& [name, value] : row.fields)
    text += std::to_string(name.size()) + name + '\0' + value + '\0';
  return text + row.content;
}
void add_fields(Count& count, bool h3) {
  for (const FieldRow& row : field_rows()) {
    count.add("fields: " + row.name, joined(row), !h3 || !row.h3_drops);
  }
}

}  // namespace

TEST_CASE("there are as many named rows as were promised") {
  Count h1, h2, h3;
  for (const H1Row& row : h1_rows()) h1.add(row.name, row.bytes, row.refused);
  add_fields(h2, false);
  for (const H2Row& row : h2_rows()) {
    h2.add(row.name, row.before + '\0' + row.bytes, row.fate != Fate::put_up);
  }
  add_fields(h3, true);
  for (const H3Row& row : h3_rows()) {
    std::string input;
    for (const H3Piece& piece : row.pieces) {
      input += std::to_string(piece.stream) + (piece.fin ? "!" : ":") + piece.bytes;
    }
    h3.add(row.name, input, row.fate != Fate::put_up);
  }
  for (const DatagramRow& row : datagram_rows()) {
    const auto* const bytes = reinterpret_cast<const char*>(row.bytes.data());
    h3.add("datagram: " + row.name, std::string(bytes, row.bytes.size()), true);
  }
  for (const InitialRow& row : initial_rows())
    h3.add("Initial: " + row.name, row.frames, !row.taken);
  for (const FrameRow& row : frame_rows()) {
    const bool handshake = row.level == Level::handshake;
    h3.add("packet: " + row.name, (handshake ? "handshake: " : "later: ") + row.frames,
           row.code.has_value());
  }
  std::printf("rows: h1 %zu and %zu put up with, h2 %zu and %zu, h3 and QUIC %zu and %zu\n",
              h1.refused(), h1.put_up(), h2.refused(), h2.put_up(), h3.refused(), h3.put_up());
  CHECK(h1.refused() >= kH1);
  CHECK(h2.refused() >= kH2);
  CHECK(h3.refused() >= kH3);
}

}  // namespace troika::vectors
