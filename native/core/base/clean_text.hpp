// Text that came from a device: a camera is untrusted input and its strings end up in logs, JSON and terminals.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace camera {

/// At most `maxBytes` of valid UTF-8 up to the first NUL, without control characters (each becomes a space) and without
/// outer blanks. Bytes that are no UTF-8 become U+FFFD.
std::string cleanText(std::string_view raw, size_t maxBytes = 256);

/// Letters, digits and `._-` are kept, every other byte becomes `_`: for parts of ids.
std::string idPart(std::string_view text, size_t maxBytes = 128);

/// Text of a kernel structure's fixed-size member.
template <typename Byte, size_t size>
std::string_view fixedText(const Byte (&field)[size]) {
    const std::string_view whole(reinterpret_cast<const char *>(field), size);
    return whole.substr(0, whole.find('\0'));
}

} // namespace camera
