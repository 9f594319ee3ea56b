#include "session_harness.h"

#include <algorithm>
#include <tuple>

namespace troika::test {

Request make_request(std::string target, Method method) {
  Request request;
  request.method = method;
  request.method_text = name_of(method);
  request.scheme = "https";
  request.authority = "localhost";
  request.target.raw = std::move(target);
  return request;
}

std::string pattern(std::size_t size, std::uint64_t from) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = pattern_byte(from + i);
  return text;
}

void BodyProbe::release() {
  if (body != nullptr) body->release();
}

ScriptedBody::ScriptedBody(BufferPool& pool, std::vector<BodyStep> steps, BodyProbe* probe,
                           std::optional<std::uint64_t> length, HeaderMap trailers)
    : pool_(pool),
      steps_(std::move(steps)),
      probe_(probe),
      length_(length),
      trailers_(std::move(trailers)) {
  if (probe_ == nullptr) return;
  probe_->body = this;
  ++probe_->made;
  ++probe_->alive;
}

ScriptedBody::~ScriptedBody() {
  if (probe_ == nullptr) return;
  --probe_->alive;
  if (probe_->body == this) probe_->body = nullptr;
}

Result<Pulled> ScriptedBody::pull(std::size_t max_bytes) {
  if (probe_ != nullptr) ++probe_->pulls;
  if (next_ == steps_.size()) {
    if (probe_ != nullptr) probe_->ended = true;
    return Pulled{PullState::end, {}};
  }
  BodyStep& step = steps_[next_];
  if (step.kind == BodyStep::Kind::error) return fail(ErrorCode::io, "scripted error");
  if (step.kind == BodyStep::Kind::blocked) return Pulled{PullState::blocked, {}};
  const std::size_t n = std::min({max_bytes, kMaxPull, step.text.size() - at_});
  Slice bytes = pool_.copy(std::string_view(step.text).substr(at_, n));
  at_ += n;
  if (at_ == step.text.size()) {
    ++next_;
    at_ = 0;
  }
  if (probe_ != nullptr) probe_->pulled_bytes += n;
  if (length_) *length_ -= std::min<std::uint64_t>(*length_, n);
  return Pulled{PullState::data, std::move(bytes)};
}

void ScriptedBody::release() {
  if (next_ < steps_.size() && steps_[next_].kind == BodyStep::Kind::blocked) ++next_;
  if (waker_ != nullptr) waker_->wake();
}

Result<Pulled> PatternBody::pull(std::size_t max_bytes) {
  const auto n =
      static_cast<std::size_t>(std::min<std::uint64_t>({max_bytes, kMaxPull, size_ - at_}));
  if (n == 0) return Pulled{PullState::end, {}};
  Slice bytes = pool_.copy(pattern(n, at_));
  at_ += n;
  return Pulled{PullState::data, std::move(bytes)};
}

ReadState read_body(BodySource& body, std::string& into) {
  for (;;) {
    Result<Pulled> pulled = body.pull(kMaxPull);
    if (!pulled) return ReadState::error;
    if (pulled->state == PullState::blocked) return ReadState::blocked;
    if (pulled->state == PullState::end) return ReadState::end;
    into += text_of(pulled->bytes.bytes());
  }
}

std::unique_ptr<BodySource> body_of(BufferPool& pool, std::string text, BodyProbe* probe) {
  const std::uint64_t size = text.size();
  std::vector<BodyStep> steps;
  if (size > 0) steps.push_back(BodyStep::data(std::move(text)));
  return std::make_unique<ScriptedBody>(pool, std::move(steps), probe, size);
}

std::unique_ptr<Job> ScriptedHandler::start(RequestContext context, Responder& responder) {
  ++started;
  requests.push_back(context.request);
  if (answer) return answer(context, responder);
  std::ignore = responder.respond({}, body_of(context.services.pool, "hello"));
  return nullptr;
}

void RecordingObserver::on_complete(const ExchangeSummary& s) noexcept {
  entries.push_back({s.request.method_text, s.request.target.raw, s.request.authority, s.status,
                     s.body_bytes, s.aborted, s.duration, s.request.early_data,
                     s.peer.security.address_proven});
}

void RecordingReceiver::on_head(ResponseHead h) {
  ++calls;
  head = std::move(h);
}

void RecordingReceiver::on_failed(const Failure& what) {
  ++calls;
  failure = what;
  failed = what.reason;
  wire_code = what.wire_code;
}

Bench::Bench(std::string alpn) {
  peer.remote = Address::v4(0x7f000001, 50000);
  peer.local = Address::v4(0x7f000001, 8443);
  peer.security.encrypted = true;
  peer.security.alpn = std::move(alpn);
  peer.security.version = "TLSv1.3";
}

Bench::~Bench() = default;

Wire::Wire(BufferPool& pool, Clock& clock, ByteSession& client, ByteSession& server)
    : clock_(clock), client_{client, OutputQueue(pool)}, server_{server, OutputQueue(pool)} {}

bool Wire::turn() {
  produce(client_);
  produce(server_);
  const std::uint64_t before = to_server + to_client;
  const bool ended = end_half(client_, server_) || (client_reads && end_half(server_, client_));
  to_server += deliver(client_, server_);
  if (client_reads) to_client += deliver(server_, client_);
  return ended || to_server + to_client != before;
}

void Wire::run(int max_turns) {
  for (int i = 0; i < max_turns && turn(); ++i) {
  }
  produce(client_);
  produce(server_);
}

bool Wire::end_half(End& from, End& to) {
  if (!ends) return false;
  const Interest interest = from.session.interest();
  if (interest.broken && !std::exchange(from.broken, true)) {
    from.ended = true;
    from.out.clear();
    to.session.abort(AbortReason::peer_gone);
    return true;
  }
  const bool over = interest.half_closed || interest.finished;
  if (!over || !from.out.empty() || std::exchange(from.ended, true)) return false;
  to.session.receive_end(clock_.now());
  return true;
}

std::uint64_t Wire::deliver(End& from, End& to) {
  std::uint64_t moved = 0;
  while (!from.out.empty() && to.session.interest().wants_read && moved < chunk) {
    const Slice bytes = from.out.take(chunk);
    moved += bytes.size();
    from.session.on_written(bytes.size(), clock_.now());
    std::ignore = to.session.receive(bytes.bytes(), clock_.now());
  }
  return moved;
}

}  // namespace troika::test
