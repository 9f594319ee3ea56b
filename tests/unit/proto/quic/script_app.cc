#include "script_app.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <utility>

namespace troika::test {

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : text) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return text;
}
quic::ApplicationTraits script_traits() {
  return {.alpn = "h3", .no_error = 0x100, .excessive_load = 0x107, .uni_streams = 3};
}

ScriptApp::ScriptApp(quic::QuicStreams& streams, bool server, ScriptLog& log)
    : quic(streams), server_(server), log_(log) {
  ++log_.made;
  log_.alive.push_back(this);
}
ScriptApp::~ScriptApp() { std::erase(log_.alive, this); }
void ScriptApp::ask(std::string text) {
  asks.push_back(std::move(text));
  quic.mark_writable();
}
bool ScriptApp::answered(std::size_t count) {
  return asked.size() >= count &&
         std::ranges::all_of(asked, [this](StreamId s) { return in[s].fin || in[s].closed; });
}
std::size_t ScriptApp::unfinished() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(out_, [](const auto& each) { return !each.second.done(); }));
}
Status ScriptApp::on_data(StreamId stream, std::span<const std::byte> bytes, bool fin, bool,
                          TimePoint) {
  if (fail_on_data) return fail(ErrorCode::protocol, "the script says so");
  In& to = in[stream];
  to.bytes.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  to.fin = to.fin || fin;
  if (grant_credit) quic.extend_credit(stream, bytes.size());
  if (server_ && fin && quic::is_bidi(stream)) respond(stream, to.bytes);
  return {};
}
Status ScriptApp::on_acked(StreamId stream, std::uint64_t bytes) {
  CHECK(out_.contains(stream));
  acked_bytes += bytes;
  ++told_acked;
  return {};
}
Status ScriptApp::on_stream_closed(StreamId stream, std::optional<AppError> code) {
  in[stream].closed = true;
  in[stream].closed_code = code;
  out_.erase(stream);
  if (server_ && quic::is_bidi(stream)) quic.extend_peer_bidi_streams(1);
  return {};
}
Status ScriptApp::apply(TimePoint) {
  while (ready_ && !asks.empty()) {
    const Result<StreamId> stream = quic.open_bidi();
    if (!stream) break;
    write(*stream, asks.front(), true);
    asked.push_back(*stream);
    asks.erase(asks.begin());
  }
  return {};
}
void ScriptApp::write(StreamId stream, std::string bytes, bool fin) {
  out_.insert_or_assign(stream, Out{std::move(bytes), fin});
  quic.mark_writable();
}
Result<quic::StreamWrite> ScriptApp::next_write() {
  // Streams take turns.
  auto next = out_.upper_bound(last_);
  for (std::size_t i = 0; i < out_.size(); ++i, ++next) {
    if (next == out_.end()) next = out_.begin();
    Out& out = next->second;
    if (out.done() || out.blocked) continue;
    last_ = next->first;
    piece_ = {.iov_base = out.bytes.data() + out.sent, .iov_len = out.bytes.size() - out.sent};
    return quic::StreamWrite{last_, {&piece_, 1}, out.fin};
  }
  return quic::StreamWrite{};
}
Status ScriptApp::wrote(StreamId stream, std::size_t bytes, TimePoint) {
  ++told_written;
  Out& out = out_.at(stream);
  out.sent += bytes;
  out.fin_sent = out.fin && out.sent == out.bytes.size();
  return {};
}
void ScriptApp::blocked(StreamId stream) {
  ++blocks;
  out_.at(stream).blocked = true;
}
Status ScriptApp::on_writable(StreamId stream) {
  if (const auto found = out_.find(stream); found != out_.end()) found->second.blocked = false;
  return {};
}
Status ScriptApp::shut(StreamId stream) {
  ++shuts;
  out_.at(stream).shut = true;
  return {};
}
void ScriptApp::respond(StreamId stream, const std::string& request) {
  if (request.starts_with("send "))
    return write(stream, pattern(std::stoul(request.substr(5))), true);
  write(stream, request, true);
}

}  // namespace troika::test
