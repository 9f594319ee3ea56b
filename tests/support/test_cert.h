#pragma once
// A certificate for localhost, made once in each test process. RSA on purpose: ECDSA signatures
// differ in length from one handshake to the next, and with them packet sizes in simulations.
#include <string>

#include "support/cert_maker.h"
#include "tools/rig/temporary_folder.h"

namespace troika::test {

class TestCert {
 public:
  static const TestCert& get() {
    static const TestCert cert;
    return cert;
  }
  TestCert(const TestCert&) = delete;
  TestCert& operator=(const TestCert&) = delete;

  const std::string& cert_file() const noexcept { return cert_file_; }
  const std::string& key_file() const noexcept { return key_file_; }

 private:
  TestCert() {
    const PemPair made = TestCa::self_signed({.names = "DNS:localhost,IP:127.0.0.1",
                                              .common_name = "localhost",
                                              .key = "RSA",
                                              .usage = ""});
    put_file(cert_file_, made.cert);
    put_file(key_file_, made.key);
  }

  const rig::TemporaryFolder folder_;
  const std::string cert_file_ = folder_.path() / "cert.pem",
                    key_file_ = folder_.path() / "key.pem";
};

}  // namespace troika::test
