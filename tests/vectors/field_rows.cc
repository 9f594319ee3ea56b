// Field sections that HTTP/2 and HTTP/3 refuse alike: RFC 9113 §8.2 and §8.3, RFC 9114 §4.2 and
// §4.3, catalogue H2-09, H2-10, H2-12 and H2-13.
#include <algorithm>

#include "rows.h"

namespace troika::vectors {
namespace {

Fields base(std::string method = "GET") {
  return {{":method", std::move(method)},
          {":scheme", "https"},
          {":authority", "localhost"},
          {":path", "/"}};
}
Fields with(std::string name, std::string value) {
  Fields fields = base();
  fields.emplace_back(std::move(name), std::move(value));
  return fields;
}
Fields without(std::string_view name) {
  Fields fields = base();
  std::erase_if(fields, [&](const auto& field) { return field.first == name; });
  return fields;
}
Fields changed(std::string_view name, std::string value) {
  Fields fields = base();
  std::ranges::find(fields, name, &Fields::value_type::first)->second = std::move(value);
  return fields;
}
// Before the others, where pseudo-header fields belong.
Fields first(std::string name, std::string value) {
  Fields fields = base();
  fields.emplace(fields.begin(), std::move(name), std::move(value));
  return fields;
}
Fields post(std::string length) {
  Fields fields = base("POST");
  fields.emplace_back("content-length", std::move(length));
  return fields;
}

class Rows {
 public:
  std::vector<FieldRow> all;
  void add(std::string name, Fields fields, std::uint16_t status = 400, std::string content = {}) {
    all.push_back({std::move(name), std::move(fields), status, std::move(content)});
  }
  template <class Make>
  void family(const std::string& name, Make make, const std::vector<Variant>& variants,
              bool h3_drops = false) {
    for (const Variant& each : variants) {
      add(name + ": " + std::string(each.what), make(std::string(each.text)));
      all.back().h3_drops = h3_drops;
    }
  }
};

void pseudo(Rows& rows) {
  for (const std::string name : {":method", ":scheme", ":path"}) {
    rows.add("missing " + name, without(name));
  }
  rows.add("H2-09 missing :authority and Host", without(":authority"));
  for (const auto& [name, value] : base()) {
    rows.add(name + " twice", first(name, value));
    rows.add(name + " empty", changed(name, ""));
    Fields late = without(name);
    late.emplace_back("x", "y");
    late.emplace_back(name, value);
    rows.add(name + " after a field", late);
  }
  rows.family("pseudo-header field", [](const std::string& name) { return first(name, "x"); },
              {{":status", ":status"},
               {"unknown", ":unknown"},
               {"no name", ":"},
               {"capital letters", ":METHOD"},
               {"of CONNECT", ":protocol"},
               {"a space", ": path"},
               {"two colons", "::path"},
               {"Host", ":host"},
               {"version", ":version"}});
  rows.family("H2-10 :scheme", [](const std::string& value) { return changed(":scheme", value); },
              {{"not that of the connection", "http"},
               {"another", "ftp"},
               {"a colon", "https:"},
               {"slashes", "https://"},
               {"a digit first", "1https"},
               {"a space", "https "},
               {"a path", "https://localhost/"},
               {"WebSocket", "wss"},
               {"NUL", std::string_view("https\0", 6)},
               {"a byte above 0x7f", "http\xc5\xbf"}});
}

void tunnels(Rows& rows) {
  rows.add("H2-10 CONNECT", {{":method", "CONNECT"}, {":authority", "a.test:443"}}, 501);
  rows.add("H2-10 CONNECT with a path", base("CONNECT"));
  rows.add("H2-10 CONNECT with a scheme",
           {{":method", "CONNECT"}, {":scheme", "https"}, {":authority", "a.test:443"}});
  rows.add("H2-10 CONNECT without an authority", {{":method", "CONNECT"}});
  Fields extended = base("CONNECT");
  extended.emplace(extended.begin(), ":protocol", "websocket");
  rows.add("H2-10 extended CONNECT that was not offered", extended);
  rows.add("a star with GET", changed(":path", "* "));
}

void connection_fields(Rows& rows) {
  for (const std::string name :
       {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) {
    rows.add("field of one connection: " + name, with(name, name == "upgrade" ? "h2c" : "close"));
    rows.add("field of one connection, empty: " + name, with(name, ""));
  }
  rows.add("Connection that names a field", with("connection", "x"));
  rows.add("Transfer-Encoding: chunked", with("transfer-encoding", "chunked"));
  rows.add("Transfer-Encoding: identity", with("transfer-encoding", "identity"));
  for (const std::string value : {"gzip", "chunked", "trailers, gzip", "deflate;q=0.5", "trailer",
                                  "trailers;q=1", "trailers trailers"}) {
    rows.add("TE other than trailers: " + value, with("te", value));
  }
}

void lines(Rows& rows) {
  rows.family(
      "field name with", [](const std::string& text) { return with("a" + text + "b", "c"); },
      no_tokens(), true);
  rows.family(
      "field value with", [](const std::string& text) { return with("a", "b" + text + "c"); },
      no_values(), true);
  rows.family(
      "field value", [](const std::string& text) { return with("a", text); },
      {{"a space before", " b"},
       {"a space after", "b "},
       {"a tab before", "\tb"},
       {"a tab after", "b\t"},
       {"bare LF", "b\nc"},
       {"CR LF", "b\r\nc: d"},
       {"a request after CR LF", "b\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"}},
      true);
  rows.family(
      "field name", [](const std::string& name) { return with(name, "b"); },
      {{"a space", "a b"},
       {"a space after", "a "},
       {"a space before", " a"},
       {"a tab", "a\tb"},
       {"a colon inside", "a:b"},
       {"a colon after", "a:"},
       {"LF", "a\nb"},
       {"CR LF", "a\r\nb"},
       {"empty", ""}},
      true);
  rows.family("field name in capital letters",
              [](const std::string& name) { return with(name, "b"); },
              {{"one", "Accept"},
               {"all", "ACCEPT"},
               {"the last", "accepT"},
               {"Host", "Host"},
               {"Cookie", "Cookie"},
               {"Content-Length", "Content-Length"}});
}

void host(Rows& rows) {
  rows.family(
      "H2-09 :authority", [](const std::string& value) { return changed(":authority", value); },
      bad_authorities());
  const auto beside = [](const std::string& value) { return with("host", value); };
  rows.family("H2-09 Host beside :authority", beside,
              {{"another", "other.test"},
               {"another port", "localhost:1"},
               {"more", "localhost.test"},
               {"less", "local"},
               {"empty", ""},
               {"a list", "localhost,other.test"}});
  Fields twice = with("host", "localhost");
  twice.emplace_back("host", "localhost");
  rows.add("H2-09 Host twice", twice);
  Fields differ = without(":authority");
  differ.emplace_back("host", "localhost");
  differ.emplace_back("host", "other.test");
  rows.add("H2-09 Host twice, different, no :authority", differ);
}

void lengths(Rows& rows) {
  for (const Variant& each : bad_lengths()) {
    rows.add("H2-13 Content-Length: " + std::string(each.what), post(std::string(each.text)), 400,
             "hello");
  }
  rows.add("H2-13 Content-Length: more than there is", post("6"), 400, "hello");
  rows.add("H2-13 Content-Length: less than there is", post("4"), 400, "hello");
  rows.add("H2-13 Content-Length: 0 with content", post("0"), 400, "hello");
  rows.add("H2-13 Content-Length: 5 with none", post("5"));
  rows.add("H2-13 Content-Length: 2^62 with none", post("4611686018427387904"));
  Fields twice = post("5");
  twice.emplace_back("content-length", "5");
  rows.add("H2-13 Content-Length twice", twice, 400, "hello");
  twice.back().second = "6";
  rows.add("H2-13 Content-Length twice, different", twice, 400, "hello");
}

void bounds(Rows& rows) {
  rows.add("H2-04 a value of 33 KiB", with("x", std::string(33'792, 'a')), 431);
  rows.add("H2-04 a name of 33 KiB", with(std::string(33'792, 'a'), "b"), 431);
  Fields many = base();
  for (int i = 0; i < 101; ++i) many.emplace_back("x", "y");
  rows.add("H2-04 101 fields", many, 431);
  Fields crumbs = base();
  for (int i = 0; i < 1000; ++i) crumbs.emplace_back("cookie", "a=b");
  rows.add("H2-04 1,000 crumbs of a cookie", crumbs, 431);
  rows.add("a target of 9 KiB", changed(":path", "/" + std::string(9216, 'a')), 414);
  rows.add("a method of 1 KiB", changed(":method", std::string(1024, 'A')));
  rows.add("an authority of 1 KiB", changed(":authority", std::string(1024, 'a') + "/"));
}

}  // namespace

std::vector<FieldRow> field_rows() {
  Rows rows;
  pseudo(rows);
  tunnels(rows);
  connection_fields(rows);
  lines(rows);
  host(rows);
  lengths(rows);
  rows.family(
      ":method with", [](const std::string& text) { return changed(":method", "G" + text + "T"); },
      no_tokens());
  rows.family(
      "H2-12 :path", [](const std::string& text) { return changed(":path", text); }, bad_targets());
  bounds(rows);
  return std::move(rows.all);
}

}  // namespace troika::vectors
