#pragma once
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "http/message/field_rules.h"
#include "http/message/fields.h"
#include "http/message/message.h"

namespace troika {

// A field section as the engine takes it. `Nv` is nghttp2_nv or nghttp3_nv; `flags_for(name)` gives
// the flags of a field. It views what it was made of; the engine copies when it is submitted.
template <class Nv, std::uint8_t (*flags_for)(FieldName name) noexcept>
class FieldList {
 public:
  explicit FieldList(const ResponseHead& head) {
    unsigned rest = head.status;
    for (auto digit = status_.rbegin(); digit != status_.rend(); ++digit, rest /= 10) {
      *digit = static_cast<char>('0' + rest % 10);
    }
    add(":status", {status_.data(), status_.size()});
    add(head.headers);
  }
  // RFC 9113 §8.3.1, RFC 9114 §4.3.1: Host gives way to :authority. Fields of one h1 connection and
  // of framing are not copied (§8.2.2, §4.2).
  FieldList(const Request& request, BodyFraming framing) {
    const bool tunnel = !request.protocol.empty();
    const bool named = !request.method_text.empty() && !tunnel;
    const std::string_view known = name_of(tunnel ? Method::connect : request.method);
    add(":method", named ? std::string_view(request.method_text) : known);
    add(":scheme", request.scheme);
    add(":path", request.target.raw);
    add(":authority", request.authority);
    if (!request.protocol.empty()) add(":protocol", request.protocol);
    if (request.expects_continue) add("expect", "100-continue");
    if (framing.kind == BodyFraming::Kind::length) {
      const char* const end = std::to_chars(length_.begin(), length_.end(), framing.length).ptr;
      add("content-length", {length_.data(), end});
    }
    add(request.headers);
  }
  explicit FieldList(const HeaderMap& trailers) { add(trailers); }
  FieldList(const FieldList&) = delete;
  FieldList& operator=(const FieldList&) = delete;

  void add(std::string_view name, std::string_view value, FieldName known = FieldName::other) {
    const Nv field{octets(name), octets(value), name.size(), value.size(), flags_for(known)};
    if (size_ < kFew) {
      few_[size_] = field;
    } else {
      if (size_ == kFew) many_.assign(few_.begin(), few_.end());
      many_.push_back(field);
    }
    ++size_;
  }
  // Without fields that are not valid, or of one h1 connection (RFC 9113 §8.2, RFC 9114 §4.2): the
  // engines send what they are given.
  void add(const HeaderMap& fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!fields.is_valid(i) || is_connection_field(fields.name(i))) continue;
      const auto [name, value] = fields[i];
      if (ascii::is_trimmed(value)) add(name, value, fields.name(i));
    }
  }

  const Nv* data() const noexcept { return size_ <= kFew ? few_.data() : many_.data(); }
  std::size_t size() const noexcept { return size_; }

 private:
  // The engine's types have pointers to bytes that it does not change.
  static std::uint8_t* octets(std::string_view text) noexcept {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  }

  static constexpr std::size_t kFew = 24;  // so many need no memory of their own

  std::array<Nv, kFew> few_;
  std::vector<Nv> many_;  // all of them, when they are more
  std::size_t size_ = 0;
  std::array<char, 3> status_{};
  std::array<char, 20> length_{};
};

}  // namespace troika
