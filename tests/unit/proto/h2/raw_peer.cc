#include "raw_peer.h"

#include <algorithm>

namespace troika::h2 {

namespace {

nghttp2_nv nv(const std::string& name, const std::string& value) {
  const auto octets = [](const std::string& text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {octets(name), octets(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

std::string u32(std::uint32_t v) {
  return {static_cast<char>(v >> 24U), static_cast<char>(v >> 16U), static_cast<char>(v >> 8U),
          static_cast<char>(v)};
}

std::string setting(std::uint16_t id, std::uint32_t value) {
  return std::string{static_cast<char>(id >> 8U), static_cast<char>(id)} + u32(value);
}

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload) {
  const auto size = static_cast<std::uint32_t>(payload.size());
  std::string out = u32(size).substr(1);
  out += static_cast<char>(type);
  out += static_cast<char>(flags);
  return out + u32(stream) + std::string(payload);
}

RawFields get_fields(std::string path) {
  return {{":method", "GET"}, {":scheme", "https"}, {":authority", "a.test"}, {":path", path}};
}

RawFields post_fields(std::string path) {
  return {{":method", "POST"}, {":scheme", "https"}, {":authority", "a.test"}, {":path", path}};
}

RawPeer::RawPeer() : Bench("h2"), out_(pool) {
  nghttp2_hd_deflate_new(&deflater_, 4096);
  nghttp2_hd_inflate_new(&inflater_);
}

RawPeer::~RawPeer() {
  nghttp2_hd_deflate_del(deflater_);
  nghttp2_hd_inflate_del(inflater_);
}

void RawPeer::preface(std::string_view settings) {
  std::ignore =
      send(std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") + frame(kSettings, 0, 0, settings));
  flush();
  std::ignore = send(frame(kSettings, kAck, 0));
}

void RawPeer::take() {
  std::string bytes;
  while (!out_.empty()) {
    const Slice slice = out_.take(65536);
    bytes += test::text_of(slice.bytes());
    server->on_written(slice.size(), clock.now());
  }
  wire_ += bytes;
  parse();
}

void RawPeer::settle() {
  for (int i = 0; i < 1000; ++i) {
    const std::size_t before = frames.size();
    std::ignore = flush();
    if (frames.size() == before) return;
  }
}

std::string RawPeer::block(const RawFields& fields) {
  std::vector<nghttp2_nv> nva;
  for (const auto& [name, value] : fields) nva.push_back(nv(name, value));
  std::string into(nghttp2_hd_deflate_bound(deflater_, nva.data(), nva.size()), '\0');
  const auto size = nghttp2_hd_deflate_hd2(deflater_, reinterpret_cast<std::uint8_t*>(into.data()),
                                           into.size(), nva.data(), nva.size());
  into.resize(static_cast<std::size_t>(size));
  return into;
}

std::string RawPeer::headers(std::uint32_t stream, const RawFields& fields, bool end_stream) {
  const std::string text = block(fields);
  const std::uint8_t end = end_stream ? kEndStream : std::uint8_t{0};
  std::string bytes;
  for (std::size_t at = 0; at == 0 || at < text.size(); at += 16384) {
    const std::string part = text.substr(at, 16384);
    const bool last = at + part.size() >= text.size();
    const std::uint8_t flags = last ? kEndHeaders : std::uint8_t{0};
    bytes += at == 0 ? frame(kHeaders, flags | end, stream, part)
                     : frame(kContinuation, flags, stream, part);
  }
  return bytes;
}

std::size_t RawPeer::count(std::uint8_t type) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(frames, [&](const Frame& f) { return f.type == type; }));
}

const RawPeer::Frame* RawPeer::find(std::uint8_t type, std::uint32_t stream) const {
  const auto found = std::ranges::find_if(
      frames, [&](const Frame& f) { return f.type == type && f.stream == stream; });
  return found == frames.end() ? nullptr : &*found;
}

std::string RawPeer::status(std::uint32_t stream) const {
  const auto found = heads.find(stream);
  return found == heads.end() || found->second.empty() ? "" : found->second[0].second;
}

std::string RawPeer::body(std::uint32_t stream) const {
  std::string text;
  for (const Frame& f : frames) {
    if (f.type == kData && f.stream == stream) text += f.payload;
  }
  return text;
}

bool RawPeer::ended(std::uint32_t stream) const {
  return std::ranges::any_of(frames, [&](const Frame& f) {
    return f.stream == stream && (f.type == kData || f.type == kHeaders) &&
           (f.flags & kEndStream) != 0;
  });
}

void RawPeer::parse() {
  while (wire_.size() >= 9) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(wire_[i]); };
    const std::size_t size = std::size_t{at(0)} << 16U | std::size_t{at(1)} << 8U | at(2);
    if (wire_.size() < 9 + size) return;
    const std::uint32_t stream = std::uint32_t{at(5)} << 24U | std::uint32_t{at(6)} << 16U |
                                 std::uint32_t{at(7)} << 8U | at(8);
    frames.push_back({at(3), at(4), stream, wire_.substr(9, size)});
    if (at(3) == kHeaders) heads[stream] = inflate(frames.back().payload);
    wire_.erase(0, 9 + size);
  }
}

RawFields RawPeer::inflate(const std::string& text) {
  RawFields fields;
  auto* data = reinterpret_cast<const std::uint8_t*>(text.data());
  std::size_t left = text.size();
  for (;;) {
    nghttp2_nv field{};
    int flags = 0;
    const auto used = nghttp2_hd_inflate_hd3(inflater_, &field, &flags, data, left, 1);
    if (used < 0) break;
    data += used;
    left -= static_cast<std::size_t>(used);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      fields.emplace_back(std::string(reinterpret_cast<char*>(field.name), field.namelen),
                          std::string(reinterpret_cast<char*>(field.value), field.valuelen));
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0 || (used == 0 && left == 0)) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_);
  return fields;
}

}  // namespace troika::h2
