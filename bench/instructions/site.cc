#include "bench/instructions/site.h"

#include <fcntl.h>

#include <fstream>

namespace troika::instructions {
namespace {

std::unique_ptr<tls::ServerContext> context(tls::TransportKind kind,
                                            std::vector<std::string> alpn) {
  const DevCertificate& certificate = rig::test_certificate();
  return rig::must(tls::ServerContext::make(kind, {.cert_file = certificate.cert_file,
                                                   .key_file = certificate.key_file,
                                                   .alpn = std::move(alpn)}));
}

std::string with_file(const std::filesystem::path& folder, std::size_t bytes) {
  std::ofstream(folder / kTarget.substr(1)) << std::string(bytes, 'x');
  return folder.string();
}

// While instructions are counted, no file is checked or closed: that happens by the clock, not by
// the request.
SiteLimits lasting() {
  constexpr Duration kLong = std::chrono::hours(1);
  return {.fresh = kLong, .idle = kLong, .quiet = kLong};
}

std::shared_ptr<const SiteTable> one_folder() {
  return std::make_shared<const SiteTable>(
      std::vector<SiteSpec>{{.routes = {{.action = FilesSpec{}}}}});
}

std::unique_ptr<WriterThread> to_nowhere() {
  return std::make_unique<WriterThread>(LogOutput(Fd(open("/dev/null", O_WRONLY | O_CLOEXEC))));
}

}  // namespace

Site::Site(std::size_t file_bytes, bool log)
    : tls_tcp(context(tls::TransportKind::tcp, {"h2", "http/1.1"})),
      tls_quic(context(tls::TransportKind::quic, {"h3"})),
      authorities_(tls_tcp.get()),
      writer_(log ? to_nowhere() : nullptr),
      observers_(observers()),
      files_(loop, pool, with_file(folder_.path(), file_bytes)),
      shared_{.coding = background_,
              .slow = background_,
              .hashing = background_,
              .timers = timers,
              .pool = pool,
              .clock = clock,
              .limits = lasting(),
              .secret = std::string(16, 's')},
      handler_(
          one_folder(),
          [this](const SiteAction& action) {
            const SiteOptions& options = std::get<FilesSpec>(action.spec).options;
            return std::make_unique<StaticHandler>(files_, options, shared_);
          },
          Guard::Parts{.pool = background_, .clock = clock, .secret = std::string(16, 's')}, 443),
      services{pool,
               clock,
               limits,
               timeouts,
               make_ref<Snapshot>(handler_, ExchangeTimeouts{}),
               observers_,
               &authorities_,
               this} {}

std::vector<ExchangeObserver*> Site::observers() {
  if (!writer_) return {};
  return {&log_.emplace(AccessLogs{.common = writer_.get()}, timers, clock)};
}

void Site::wait() {
  loop.run_until([turns = 0]() mutable { return turns++ > 0; }, std::chrono::milliseconds(1));
}

bool Site::flush() {
  timers.advance_to(clock.now());
  const bool more = dirty.run([this](Flushable& work) { return work.flush(clock.now()); });
  deferred.run();
  return more;
}

}  // namespace troika::instructions
