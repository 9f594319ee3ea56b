#pragma once
#include <string>
#include <string_view>

#include "config/options.h"
#include "tls/certificates/certificate_set.h"

namespace troika {

// What tells more than visitors may know lies out of the folder that is served (`root`; empty:
// none). `path` need not be there yet; `option` named it. The error is one sentence.
Checked<void> keep_out_of_site(std::string_view option, const std::string& path,
                               const std::string& root);

// The same of all private keys of `certificates`. Where only the rule for dotfiles keeps them from
// clients, which links may get around, it is a warning: that is what it gives, or nothing.
Checked<std::string> keep_keys_out_of_site(const ServeOptions& options,
                                           const tls::CertificateSet& certificates);

}  // namespace troika
