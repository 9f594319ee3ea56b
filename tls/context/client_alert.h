#pragma once
#include <string_view>

namespace troika::tls {

// What an alert of a client means for the operator of a server; static text (RFC 8446 §6.2).
std::string_view client_alert_text(int alert) noexcept;

}  // namespace troika::tls
