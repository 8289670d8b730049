// A 5 by 7 dot font for the test pattern: digits, capitals and a few signs.
#pragma once

#include <array>
#include <cstdint>

namespace camera {

inline constexpr uint32_t kGlyphWidth = 5;
inline constexpr uint32_t kGlyphHeight = 7;

/// Rows from the top; bit 4 is the leftmost dot.
using Glyph = std::array<uint8_t, kGlyphHeight>;

/// Small letters look like capitals; what the font does not know is blank.
Glyph glyphOf(char character);

} // namespace camera
