// ClientHellos with transport parameters that RFC 9000 §7.3, §7.4 and §18 or RFC 9368 §4 do not
// allow, and ones that share nothing with the server: catalogue Q-14, T-01, T-05.
#include "client_hello.h"
#include "rows.h"
#include "unit/proto/h3/wire.h"

namespace troika::vectors {
namespace {

using test::varint;

constexpr std::uint64_t kTransportParameter = 0x08;
constexpr std::uint64_t kHandshakeFailure = 0x100 + 40, kProtocolVersion = 0x100 + 70,
                        kMissingExtension = 0x100 + 109, kNoApplicationProtocol = 0x100 + 120;
constexpr std::uint64_t kMostStreams = 1ULL << 60U;

std::string parameter(std::uint64_t id, std::string_view value) {
  return varint(id) + varint(value.size()) + std::string(value);
}
std::string number(std::uint64_t id, std::uint64_t value) { return parameter(id, varint(value)); }
// What each client has to send: initial_source_connection_id, that of initial_packet().
std::string source() { return parameter(0x0f, std::string(8, '\x32')); }

std::string in_crypto(const std::string& message) {
  return varint(6) + varint(0) + varint(message.size()) + message;
}

class Rows {
 public:
  std::vector<InitialRow> all;
  void wrong(std::string_view name, std::string parameters,
             std::uint64_t code = kTransportParameter) {
    add("Q-14 parameters: " + std::string(name), {.parameters = std::move(parameters)}, code);
  }
  void taken(std::string_view name, std::string parameters) {
    add("parameters: " + std::string(name), {.parameters = std::move(parameters)}, std::nullopt);
    all.back().taken = true;
  }
  void add(std::string name, const Hello& hello, std::optional<std::uint64_t> code) {
    all.push_back({std::move(name), in_crypto(client_hello(hello)), code});
  }
};

void bounds(Rows& rows) {
  const auto with = [](const std::string& more) { return source() + more; };
  for (const std::uint64_t size : {0U, 1U, 1199U}) {
    rows.wrong("max_udp_payload_size of " + std::to_string(size), with(number(3, size)));
  }
  rows.taken("max_udp_payload_size of 1200", with(number(3, 1200)));
  for (const std::uint64_t exponent : {21U, 22U, 16'383U}) {
    rows.wrong("ack_delay_exponent of " + std::to_string(exponent), with(number(10, exponent)));
  }
  rows.taken("ack_delay_exponent of 20", with(number(10, 20)));
  for (const std::uint64_t delay : {16'384U, 1'000'000U}) {
    rows.wrong("max_ack_delay of " + std::to_string(delay), with(number(11, delay)));
  }
  rows.taken("max_ack_delay of 16383", with(number(11, 16'383)));
  for (const std::uint64_t limit : {0U, 1U}) {
    rows.wrong("active_connection_id_limit of " + std::to_string(limit), with(number(14, limit)));
  }
  rows.taken("active_connection_id_limit of 2", with(number(14, 2)));
  for (const std::uint64_t id : {8U, 9U}) {
    const std::string name = id == 8 ? "initial_max_streams_bidi" : "initial_max_streams_uni";
    rows.wrong(name + " of 2^60 + 1", with(number(id, kMostStreams + 1)));
    rows.wrong(name + " of 2^62 - 1", with(number(id, (1ULL << 62U) - 1)));
    rows.taken(name + " of 2^60", with(number(id, kMostStreams)));
  }
  rows.wrong("disable_active_migration with a value", with(parameter(12, "x")));
  rows.taken("disable_active_migration", with(parameter(12, "")));
  for (const auto& [id, name] : std::initializer_list<std::pair<std::uint64_t, std::string>>{
           {1, "max_idle_timeout"},
           {3, "max_udp_payload_size"},
           {4, "initial_max_data"},
           {5, "initial_max_stream_data_bidi_local"},
           {6, "initial_max_stream_data_bidi_remote"},
           {7, "initial_max_stream_data_uni"},
           {8, "initial_max_streams_bidi"},
           {9, "initial_max_streams_uni"},
           {10, "ack_delay_exponent"},
           {11, "max_ack_delay"},
           {14, "active_connection_id_limit"}}) {
    rows.wrong(name + " without a value", with(parameter(id, "")));
    rows.wrong(name + " that is cut", with(parameter(id, "\x80\x01")));
    rows.wrong(name + " with a byte more", with(parameter(id, varint(1) + "x")));
  }
}

void roles(Rows& rows) {
  rows.wrong("none", "");
  rows.wrong("no initial_source_connection_id", number(4, 1000));
  rows.wrong("initial_source_connection_id of another", parameter(15, std::string(8, '\x33')));
  rows.wrong("initial_source_connection_id that is shorter", parameter(15, std::string(7, '\x32')));
  rows.wrong("initial_source_connection_id that is empty", parameter(15, ""));
  rows.wrong("initial_source_connection_id of 21 bytes", parameter(15, std::string(21, '\x32')));
  rows.wrong("original_destination_connection_id of a client",
             source() + parameter(0, std::string(8, '\x31')));
  rows.wrong("stateless_reset_token of a client", source() + parameter(2, std::string(16, 'x')));
  rows.wrong("preferred_address of a client",
             source() + parameter(13, std::string(24, '\x01') + '\x08' + std::string(24, 'x')));
  rows.wrong("retry_source_connection_id of a client",
             source() + parameter(16, std::string(8, '\x31')));
}

void shapes(Rows& rows) {
  rows.wrong("an id that is cut", source() + "\x40");
  rows.wrong("an id without a length", source() + varint(4));
  rows.wrong("a length that is cut", source() + varint(4) + "\x40");
  rows.wrong("a length beyond the end", source() + varint(4) + varint(9) + varint(1000));
  rows.wrong("a length of 2^62 - 1", source() + varint(4) + varint((1ULL << 62U) - 1) + "x");
  rows.wrong("an unknown one beyond the end", source() + varint(27) + varint(5) + "x");
  rows.taken("unknown and reserved ones",
             source() + parameter(27, "GREASE") + parameter(0x7fff, "") + parameter(58, "x"));
}

void versions(Rows& rows) {
  const auto information = [](std::string_view value) { return source() + parameter(17, value); };
  const std::string v1("\0\0\0\1", 4);
  rows.wrong("version_information without a value", information(""));
  rows.wrong("version_information of 3 bytes", information(v1.substr(1)));
  rows.wrong("version_information of 6 bytes", information(v1 + "xx"));
  rows.wrong("version_information with version 0", information(std::string(4, '\0') + v1));
  rows.taken("version_information of version 1", information(v1 + v1));
}

void handshakes(Rows& rows) {
  const std::string good = source();
  rows.add("T-05 no protocol", {.parameters = good, .alpn = ""}, kNoApplicationProtocol);
  for (const std::string_view name : {"h2", "http/1.1", "h3-29", "hq-interop", "H3"}) {
    rows.add("T-05 the protocol " + std::string(name),
             {.parameters = good,
              .alpn = std::string(1, static_cast<char>(name.size())) + std::string(name)},
             kNoApplicationProtocol);
  }
  rows.add("T-01 TLS 1.2 at most", {.parameters = good, .tls12 = true}, kProtocolVersion);
  rows.add("T-01 a group that is not served", {.parameters = good, .groups = "ffdhe2048"},
           kHandshakeFailure);
  rows.add("T-01 a cipher that is not served",
           {.parameters = good, .ciphers = "TLS_AES_128_CCM_SHA256"}, kHandshakeFailure);
  rows.add("T-01 a signature that the key cannot make", {.parameters = good, .signatures = "ed448"},
           kHandshakeFailure);
  // RFC 9001 §8.4 would rather have it refused; OpenSSL takes it.
  rows.add("TLS: a session id, as for middleboxes", {.parameters = good, .compatible = true},
           std::nullopt);
  rows.all.back().taken = true;
  rows.add("TLS: no transport parameters", {}, kMissingExtension);
}

}  // namespace

std::vector<InitialRow> hello_rows() {
  Rows rows;
  bounds(rows);
  roles(rows);
  shapes(rows);
  versions(rows);
  handshakes(rows);
  return std::move(rows.all);
}

}  // namespace troika::vectors
