#pragma once
#include "proto/h2/client_session.h"
#include "proto/h2/server_session.h"
#include "support/session_pair.h"

namespace troika::test {

struct H2Pair : BytePair {
  H2Pair() : BytePair("h2") {}
  void open() override {
    join(h2::make_session(services, peer, host),
         h2::make_client_session(call_services, client_host));
  }
  std::size_t upload_window() const { return limits.stream_window; }
  static constexpr HttpVersion kVersion = HttpVersion::http2;
  static constexpr std::uint64_t kInternalError = 2, kLargeTrailers = 11;
  static constexpr std::size_t kPulledAhead = 0;  // of a response body, beyond the window
};

}  // namespace troika::test

namespace troika::h2 {
using Pair = test::H2Pair;
using test::PairCall, test::make_request;
}  // namespace troika::h2
