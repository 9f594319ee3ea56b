#pragma once
// Field sections as the input says: most are right, and each kind of wrong one has its turn.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/cases.h"

namespace troika::fuzz {

using Field = std::pair<std::string, std::string>;
using Fields = std::vector<Field>;

inline void add_more(Fields& fields, Input& input) {
  static const std::array<Field, 26> kMore{{{"x-a", "1"},
                                            {"cookie", "a=b"},
                                            {"accept-encoding", "gzip, br"},
                                            {"range", "bytes=0-3"},
                                            {"expect", "100-continue"},
                                            {"priority", "u=1, i"},
                                            {"te", "trailers"},
                                            {"te", "gzip"},
                                            {"host", "a.test"},
                                            {"host", "b.test"},
                                            {"content-length", "0"},
                                            {"content-length", "5"},
                                            {"content-length", "300"},
                                            {"content-length", "x"},
                                            {"content-length", "18446744073709551616"},
                                            {"transfer-encoding", "chunked"},
                                            {"connection", "close"},
                                            {"upgrade", "websocket"},
                                            {"X-Upper", "1"},
                                            {"x-line", "a\nb"},
                                            {"", "no name"},
                                            {":late", "1"},
                                            {":path", "/again"},
                                            {":status", "200"},
                                            {"x b", "a space"},
                                            {"x-long", std::string(3000, 'l')}}};
  for (unsigned n = input.byte() % 4; n > 0; --n) {
    const unsigned which = input.byte();
    if (which < 240) {
      fields.push_back(kMore[which % kMore.size()]);
    } else if (which < 250) {
      fields.emplace_back("content-length", std::to_string(input.byte()));
    } else {
      // Many, where few bytes of an input would not reach a limit.
      fields.insert(fields.end(), (which - 249) * 30, {"x-many", "1"});
    }
  }
}

// The length of the path says how it is answered: answers.h.
inline Fields request_fields(Input& input) {
  static constexpr std::array<const char*, 8> kMethods{"GET",     "POST", "HEAD",    "PUT",
                                                       "OPTIONS", "get",  "CONNECT", "A B"};
  const unsigned shape = input.byte();
  const std::string path = "/" + std::string(input.byte() % 40, 'p');
  if (shape >= 250) return {{":method", "GET"}};
  Fields fields{{":method", shape < 128 ? (shape % 2 == 0 ? "GET" : "POST") : kMethods[shape % 8]}};
  const bool tunnel = shape >= 230;
  if (tunnel) {
    fields[0].second = "CONNECT";
    fields.emplace_back(":protocol", "websocket");
  }
  fields.emplace_back(":scheme", shape % 64 == 63 ? "http" : "https");
  fields.emplace_back(":authority", shape % 64 == 62 ? "user@a" : "a.test");
  fields.emplace_back(":path", shape % 64 == 61 ? "no-slash" : path);
  add_more(fields, input);
  return fields;
}

inline Fields response_fields(Input& input) {
  static constexpr std::array<const char*, 16> kStatus{"200",  "200", "200", "206", "204", "304",
                                                       "404",  "500", "100", "103", "101", "99",
                                                       "1000", "",    "2x0", "421"};
  Fields fields{{":status", input.pick(kStatus)}};
  add_more(fields, input);
  return fields;
}

inline Fields trailer_fields(Input& input) {
  Fields fields{{"x-t", "1"}};
  add_more(fields, input);
  return fields;
}

}  // namespace troika::fuzz
