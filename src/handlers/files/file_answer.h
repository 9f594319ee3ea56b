#pragma once
#include <string>
#include <string_view>

#include "handlers/files/variant.h"
#include "http/message/response.h"

namespace troika {

// The fields of a file's answers, but those that every answer of the site has (--header, CORS).

// Of a 200: made once for each file and way of serving it, then copied.
ResponseHead head_of_file(const Variant& variant, std::string_view path,
                          const Validators& validators, const SiteOptions& options);
// RFC 9110 §15.4.5.
ResponseHead head_not_modified(std::string_view path, const Validators& validators,
                               const SiteOptions& options);

}  // namespace troika
