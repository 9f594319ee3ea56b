#pragma once
#include "proto/h1/client_session.h"
#include "proto/h1/server_session.h"
#include "support/session_pair.h"

namespace troika::test {

struct H1Pair : BytePair {
  H1Pair() : BytePair("http/1.1") {}
  void open() override {
    join(h1::make_session(services, peer, host),
         h1::make_client_session(call_services, client_host));
  }
  static constexpr HttpVersion kVersion = HttpVersion::http11;
};

}  // namespace troika::test
