// Names of pixel formats: the kernel's number and its four letters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace camera {

/// Four characters, low byte first, `-BE` when bit 31 is set; bytes that do not print become `?`.
std::string fourccText(uint32_t fourcc);

/// The number of a name as `fourccText` gives it; shorter names are filled with blanks. Nothing for other lengths.
std::optional<uint32_t> fourccValue(std::string_view text);

/// MJPG and JPEG are the same for us.
bool isJpegFourcc(uint32_t fourcc);

/// H.264 with start codes.
bool isH264Fourcc(uint32_t fourcc);

} // namespace camera
