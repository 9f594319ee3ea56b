#pragma once
#include <string_view>

#include "http/message/fields.h"

// The trace context of a request: W3C Trace Context, of which level 2 is a superset of level 1.
namespace troika {

// 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01: version, trace id, parent id and flags,
// in lower case (§3.2). A later version may have more after them.
bool valid_traceparent(std::string_view text) noexcept;
// A list of key=value, of at most 32 members, each key once (§3.3). It may be empty.
bool valid_tracestate(std::string_view text) noexcept;

// Of a valid traceparent; "" of an empty one.
constexpr std::string_view trace_id_of(std::string_view traceparent) noexcept {
  return traceparent.empty() ? traceparent : traceparent.substr(3, 32);
}

// Removes what is not valid, and a tracestate that has lost its traceparent: nobody can go on with
// that trace (§4.3). Several lines of tracestate become one (§3.3.1.1).
void clean_trace_context(HeaderMap& fields);

}  // namespace troika
