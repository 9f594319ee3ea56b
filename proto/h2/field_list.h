#pragma once
#include <array>
#include <string_view>
#include <vector>

#include "http/message/fields.h"
#include "http/message/message.h"
#include "proto/h2/engine.h"

namespace troika::h2 {

// A field section as nghttp2 takes it. It views what it was made of; nghttp2 copies when it is
// submitted.
class FieldList {
 public:
  explicit FieldList(const ResponseHead& head);
  explicit FieldList(const Request& request);
  explicit FieldList(const HeaderMap& trailers) { add(trailers); }
  FieldList(const FieldList&) = delete;
  FieldList& operator=(const FieldList&) = delete;

  void add(std::string_view name, std::string_view value);
  const nghttp2_nv* data() const noexcept { return list_.data(); }
  std::size_t size() const noexcept { return list_.size(); }

 private:
  void add(const HeaderMap& fields);

  std::vector<nghttp2_nv> list_;
  std::array<char, 20> number_{};  // the status, or the length
};

}  // namespace troika::h2
