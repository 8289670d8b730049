// Decimal digits in names, whatever the locale says.
#pragma once

namespace camera {

inline bool isDigit(char c) { return c >= '0' && c <= '9'; }

} // namespace camera
