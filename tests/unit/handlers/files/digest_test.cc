#include "handlers/digest.h"
#include "base/text.h"

#include <catch2/catch_test_macros.hpp>
#include <ranges>

using namespace troika;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string hex(const Sha256& sum) {
  std::string text;
  for (const std::byte byte : sum) text += formatted("{:02x}", std::to_integer<int>(byte));
  return text;
}

bool wants(std::initializer_list<std::string_view> lines) {
  HeaderMap headers;
  for (const std::string_view line : lines) headers.add("want-repr-digest", line);
  return wants_sha256(headers);
}

}  // namespace

TEST_CASE("SHA-256 gives what FIPS 180-4 says") {
  CHECK(hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256(bytes_of("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("a stream has the sum of its pieces together") {
  Sha256Sum sum;
  for (int i = 0; i < 1'000'000 / 50; ++i) sum.add(bytes_of(std::string(50, 'a')));
  sum.add({});
  CHECK(hex(sum.finish()) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("base64 is that of RFC 4648") {
  CHECK(base64({}).empty());
  CHECK(base64(bytes_of("f")) == "Zg==");
  CHECK(base64(bytes_of("fo")) == "Zm8=");
  CHECK(base64(bytes_of("foo")) == "Zm9v");
  CHECK(base64(bytes_of("foob")) == "Zm9vYg==");
  CHECK(base64(bytes_of("\xfb\xff")) == "+/8=");
}

TEST_CASE("the digest field of RFC 9530's example") {
  CHECK(repr_digest(sha256(bytes_of("{\"hello\": \"world\"}\n"))) ==
        "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
}

TEST_CASE("a preference above 0 asks for a digest") {
  CHECK(wants({"sha-256=1"}));
  CHECK(wants({"sha-256=10"}));
  CHECK(wants({"sha-256=007"}));
  CHECK(wants({"sha-512=3, sha-256=10, unixsum=0"}));
  CHECK(wants({"sha-512=3\t ,\tsha-256=1"}));
  CHECK(wants({"  sha-256=5  "}));
  CHECK(wants({"sha-512=3", "sha-256=1"}));
  CHECK(wants({"", "sha-256=1", ""}));
}

TEST_CASE("0, another type or a number out of range asks for nothing") {
  for (const std::string_view field :
       {"sha-256=0", "sha-256=11", "sha-256=-1", "sha-256=100", "sha-256=1.0", "sha-256",
        "sha-256=?1", "sha-256=\"1\"", "sha-256=:MQ==:", "sha-256=one", "sha-256;q=1", "sha-512=9",
        "sha-2560=1", ""}) {
    CAPTURE(field);
    CHECK_FALSE(wants({field}));
  }
  CHECK_FALSE(wants({}));
}

TEST_CASE("of two of a name the later counts") {
  CHECK(wants({"sha-256=0, sha-256=1"}));
  CHECK_FALSE(wants({"sha-256=1, sha-256=0"}));
  CHECK_FALSE(wants({"sha-256=1", "sha-256"}));
}

TEST_CASE("parameters and other members are passed over, whatever their type") {
  CHECK(wants({"sha-256=1;a"}));
  CHECK(wants({"sha-256=1;a=1;  b=\"x, \\\"y\\\\\";c=:YQ==:;*d=?0;e=t/o:k;f=-1.5"}));
  CHECK(wants({"a, b=\"sha-256=0, \", c=:YQ==:, d=?0, *e=*t, f=123456789012.123, sha-256=2"}));
  CHECK(wants({"a=999999999999999, sha-256=2"}));
}

TEST_CASE("a field that does not parse asks for nothing") {
  constexpr std::string_view kTails =
      ",|, ,b|;|;=1|;a=|; A| b|x|, B=1|, b=|, b=()|, b=(1 2)|, b=\"x|, b=\"\\x\"|, b=\"\x7f\"|, "
      "b=:a|"
      ", b=:!:|, b=?2|, b=?|, b=-|, b=1.|, b=1.1234|, b=1234567890123456|, b=1234567890123.1|"
      ", b=@1|;\ta|, 1=1| ;a";
  for (const auto tail : std::views::split(kTails, '|')) {
    const std::string field = "sha-256=1" + std::string(std::string_view{tail});
    CAPTURE(field);
    CHECK_FALSE(wants({field}));
  }
  CHECK_FALSE(wants({"SHA-256=1"}));
  CHECK_FALSE(wants({"\tsha-256=1"}));
  CHECK_FALSE(wants({"sha-256= 1"}));
  CHECK_FALSE(wants({"sha-256 =1"}));
}
