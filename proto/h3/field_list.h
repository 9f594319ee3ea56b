#pragma once
#include <nghttp3/nghttp3.h>

#include <array>
#include <string_view>
#include <vector>

#include "http/message/message.h"

namespace troika::h3 {

// A field section in nghttp3's terms. It points into what it was made of, which nghttp3 copies.
class FieldList {
 public:
  explicit FieldList(const ResponseHead& head);
  // `length`: the text for Content-Length; empty: no such field.
  FieldList(const Request& request, std::string_view length);
  explicit FieldList(const HeaderMap& trailers);
  FieldList(const FieldList&) = delete;
  FieldList& operator=(const FieldList&) = delete;

  const nghttp3_nv* data() const noexcept { return fields_.data(); }
  std::size_t size() const noexcept { return fields_.size(); }

 private:
  void add(std::string_view name, std::string_view value);
  void add_all(const HeaderMap& headers);

  std::vector<nghttp3_nv> fields_;
  std::array<char, 3> status_{};
};

std::string_view text_of(const nghttp3_rcbuf* buffer) noexcept;

}  // namespace troika::h3
