#pragma once
#include "tools/parity/ask.h"
#include "tools/parity/fixture.h"
#include "tools/parity/table.h"

namespace troika::parity {

// The row's request with its placeholders filled in.
Checked<Ask> ask_of(const Row& row, const Fixture& fixture);

// What is not as the row wants it, a line each; empty: all is. A row of an error that says nothing
// of its body wants the short text of its status, or the error page of its profile.
std::vector<std::string> check(const Row& row, const Answer& answer, const Fixture& fixture);

// As above, of the body alone; one line.
std::string check_body(const BodyRule& rule, const Answer& answer, const Fixture& fixture);

// Bytes as a person can read them on one line, cut off when they are many.
std::string shown(std::string_view bytes);
// Where two texts part: "at byte 5: got ..., not ...", with both sizes when they differ.
std::string difference(std::string_view got, std::string_view wanted);

}  // namespace troika::parity
